import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Charge, type Charged, takenOf } from "#lib/limit/charge";
import { largestLimitOf } from "#lib/limit/algorithms/all";
import { PACKED_UP_TO } from "#lib/limit/algorithms/packed-log";
import type { LimitStore } from "#lib/limit/store";
import { MemoryLimits } from "#lib/limit/stores/memory";
import { RedisLimits } from "#lib/limit/stores/redis";
import type { Store } from "#lib/gateway/store/store";
import { scriptStoreOver } from "#lib/redis/script-store";
import { chargesOf } from "../support/limit-stores.ts";
import { ALGORITHMS, freshKeys, START } from "../support/limit-walks.ts";
import { type RunningStore, STORES } from "../support/stores.ts";
import { timedRequester } from "../support/timed-redis.ts";

/** How many sequences are compared: 300, or the number in LIMIT_RUNS for a long search. */
const numRuns = Number(process.env["LIMIT_RUNS"] ?? 300);
const WALK_MS = 60_000 + 200 * numRuns;

const KEYS = 3;

let redis: RunningStore;
let store: Store;

beforeAll(async () => {
  const kind = STORES.find(({ name }) => name === "redis-server");
  if (!kind) throw new Error("This test needs a redis-server.");
  redis = await kind.start();
  store = await redis.open();
});
afterAll(async () => {
  await store?.close();
  await redis?.stop();
});

/** One limit of a call, on one of the keys of its walk. */
interface WalkLimit {
  readonly key: number;
  readonly algorithm: (typeof ALGORITHMS)[number];
  /** A number from 0 that becomes a limit. */
  readonly size: number;
  /** The part of the limit that becomes the cost. */
  readonly share: number;
  readonly group: number;
}

const anyLimit: fc.Arbitrary<WalkLimit> = fc.record({
  key: fc.nat(KEYS - 1),
  algorithm: fc.constantFrom(...ALGORITHMS),
  size: fc.oneof(
    { arbitrary: fc.nat(11), weight: 6 },
    { arbitrary: fc.integer({ min: 12, max: 300_000 }), weight: 1 },
    { arbitrary: fc.constant(Infinity), weight: 1 },
  ),
  share: fc.constantFrom(0, 0, 0.2, 0.5, 1, 1.2),
  group: fc.constantFrom(0, 0, 0, 1, 2),
});

const calls = fc.uniqueArray(anyLimit, {
  minLength: 1,
  maxLength: KEYS,
  selector: ({ key }) => key,
});

/**
 * Milliseconds in parts of a window, in both directions: moments near its edges, and around the expiry
 * of a key, which is a second after one window or two. From there the clock may step back to a time at
 * which the key counted.
 */
const step = fc.oneof(
  { arbitrary: fc.constant(0), weight: 3 },
  { arbitrary: fc.double({ min: 0, max: 0.4, noNaN: true }), weight: 4 },
  { arbitrary: fc.constantFrom("edge", "before the edge"), weight: 2 },
  {
    arbitrary: fc.constantFrom("end of one", "end of two", "back by one", "back by two"),
    weight: 2,
  },
  { arbitrary: fc.constantFrom(0.001, 0.999, 1, 1.001, 2, 2.5, 7), weight: 2 },
  { arbitrary: fc.double({ min: -3, max: 0, noNaN: true }), weight: 1 },
  { arbitrary: fc.constantFrom(-0.001, -1, -100), weight: 1 },
);

const action = fc.oneof(
  {
    arbitrary: fc.record({
      kind: fc.constantFrom("consume" as const, "consume", "consume", "peek", "report"),
      limits: calls,
    }),
    weight: 6,
  },
  { arbitrary: fc.record({ kind: fc.constant("refund" as const), nth: fc.nat(1000) }), weight: 1 },
  {
    arbitrary: fc.record({
      kind: fc.constant("restore" as const),
      limit: anyLimit,
      taken: fc.array(
        fc.record({ ago: fc.double({ min: 0, max: 1.2, noNaN: true }), units: fc.nat(3) }),
        { maxLength: 4 },
      ),
    }),
    weight: 1,
  },
);

type Action = typeof action extends fc.Arbitrary<infer A> ? A : never;

const walk = fc.record({
  windows: fc.array(
    fc.oneof(
      fc.constantFrom(1000, 60_000, 31 * 24 * 3_600_000),
      fc.integer({ min: 1000, max: 100_000 }),
    ),
    { minLength: KEYS, maxLength: KEYS },
  ),
  // The booleans say whether each key has one limit, and whether limits are at most 12.
  isSteady: fc.boolean(),
  isSmall: fc.integer({ min: 0, max: 3 }).map((n) => n > 0),
  offset: fc.nat(1e9),
  steps: fc.array(fc.tuple(step, action), { minLength: 5, maxLength: 40, size: "max" }),
});

function later(now: number, by: number | string, windowMs: number): number {
  if (typeof by === "number") return now + Math.round(by * windowMs);
  const edge = (Math.floor(now / windowMs) + 1) * windowMs;
  const end = windowMs + 1000;
  const moments: Readonly<Record<string, number>> = {
    edge,
    "before the edge": edge - 1,
    "end of one": now + end,
    "end of two": now + end + windowMs,
    "back by one": now - end,
    "back by two": now - end - windowMs,
  };
  return moments[by] ?? now;
}

/**
 * The largest count of a walk times its window. All restored counts of a walk together stay below 2^53,
 * because the Lua reads a larger count as 0.
 */
const MOST = 2 ** 47;

/**
 * A log keeps each unit. In walks of large limits, its limit is near the largest that is packed, so
 * that a key changes its form.
 */
function limitOf({ algorithm, size, share, group }: WalkLimit, windowMs: number, isSmall: boolean) {
  const isLog = largestLimitOf(algorithm) < Infinity;
  const large = isLog
    ? PACKED_UP_TO - 6 + (size === Infinity ? 12 : size % 12)
    : Math.min(size + 1, Math.floor(MOST / windowMs));
  const limit = isSmall ? Math.min(size + 1, 12) : large;
  return { algorithm, limit, windowMs, cost: Math.max(1, Math.ceil(limit * share)), group };
}

test(
  "MemoryLimits answers step for step what the Lua answers on a real redis-server",
  async () => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(walk, async ({ windows, isSteady, isSmall, offset, steps }) => {
        const clock = { now: START + offset };
        const lua = onRedis(clock);
        // Only whole milliseconds of its clock count.
        const memory = new MemoryLimits({ clock: () => clock.now + 0.5 });
        const chargesFor = chargesOn(windows, isSteady, isSmall);
        const decided: (readonly Charged[])[] = [];

        const answerOf = async (on: LimitStore, what: Action) => {
          if (what.kind === "refund") return on.refund(decided[what.nth % decided.length] ?? []);
          if (what.kind !== "restore") return on[what.kind](chargesFor(what.limits));
          const taken = timesIn(what.taken, windows[what.limit.key] ?? 0);
          return on.restore(chargesFor([what.limit]).map((charge) => ({ charge, taken })));
        };

        for (const [by, what] of steps) {
          clock.now = later(clock.now, by, windows[0] ?? 0);
          const expected = await answerOf(lua, what);
          expect(await answerOf(memory, what)).toEqual(expected);
          count += 1;
          if (typeof expected !== "object") continue;
          if (what.kind === "consume") decided.push(takenOf(expected));
          if (what.kind === "report") decided.push(expected);
        }
      }),
      { numRuns },
    );
    expect(count).toBeGreaterThan(5 * numRuns);
    if (process.env["LIMIT_RUNS"] !== undefined) console.log(`${count} steps were the same.`);
  },
  WALK_MS,
);

test.each(ALGORITHMS)("MemoryLimits ends a key when the Lua does (%s)", async (algorithm) => {
  const windowMs = 10_000;
  const start = START - (START % windowMs) + 3;
  const own = { algorithm, limit: 9, windowMs, cost: 1 };
  // A key lives for a window or two, and a second, after one of the writes below.
  const ends = [1, 2].flatMap((n) => [0, 1, 10, 11, 20, 21].map((ms) => n * windowMs + 1000 + ms));
  for (const first of ALGORITHMS) {
    for (const end of ends) {
      for (const isRestored of [false, true]) {
        const clock = { now: start };
        const keys = freshKeys(1);
        const charges = chargesOf(keys, [own]);
        const [charge] = charges;
        const answersOf = async (on: LimitStore) => {
          clock.now = start;
          await on.consume(chargesOf(keys, [{ ...own, algorithm: first }]));
          clock.now = start + 10;
          await on.consume(charges);
          clock.now = start + 20;
          await on.consume(isRestored ? [] : charges);
          await on.restore(
            isRestored && charge ? [{ charge, taken: [{ ageMs: 1, units: 1 }] }] : [],
          );
          clock.now = start + end;
          const atItsEnd = await on.peek(charges);
          clock.now = start + 30;
          return [atItsEnd, await on.peek(charges)];
        };
        const expected = await answersOf(onRedis(clock));
        expect(await answersOf(new MemoryLimits({ clock: () => clock.now }))).toEqual(expected);
      }
    }
  }
});

/** The Lua on the redis-server of these tests, with a clock that the test sets. */
function onRedis(clock: { readonly now: number }): LimitStore {
  return new RedisLimits(scriptStoreOver(timedRequester(store, clock), 10_000));
}

/**
 * Makes the charges of one walk: under separate keys, and with one limit for each key when it is
 * steady.
 */
function chargesOn(windows: readonly number[], isSteady: boolean, isSmall: boolean) {
  const keys = freshKeys(KEYS);
  const first = new Map<number, WalkLimit>();
  return (limits: readonly WalkLimit[]): Charge[] => {
    const settled = limits.map((each) => {
      const known = first.get(each.key) ?? each;
      first.set(each.key, known);
      return isSteady ? { ...each, algorithm: known.algorithm, size: known.size } : each;
    });
    return chargesOf(
      settled.map(({ key }) => keys[key] ?? ""),
      settled.map((each) => limitOf(each, windows[each.key] ?? 0, isSmall)),
    );
  };
}

/** Units that were consumed a part of a window ago, oldest first. */
function timesIn(taken: readonly { readonly ago: number; readonly units: number }[], ms: number) {
  return taken
    .map(({ ago, units }) => ({ ageMs: Math.floor(ago * ms), units }))
    .toSorted((a, b) => b.ageMs - a.ageMs);
}
