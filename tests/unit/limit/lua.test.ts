import fc from "fast-check";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LIMIT_SCRIPT } from "#lib/limit/algorithm";
import { limitLua, REDIS_CLOCK, refundLua } from "#lib/limit/lua";
import { Model, type ModelLimit } from "../../support/model.ts";
import { startRedis } from "../../support/redis.ts";

/** The production text, but for the clock: the last argument is the time. */
const CLOCK_FROM_ARGV = "local now = tonumber(ARGV[#ARGV])\n";
const LIMIT = limitLua(CLOCK_FROM_ARGV);
const REFUND = refundLua(CLOCK_FROM_ARGV);

let server: Awaited<ReturnType<typeof startRedis>>;
let redis: Redis;
let serial = 0;

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
});

afterAll(async () => {
  redis?.disconnect();
  await server?.stop();
});

interface Answer {
  readonly passed: boolean;
  readonly limits: readonly { remaining: number; wait: number; reset: number }[];
}

async function run(mode: "take" | "peek", keys: string[], rules: ModelLimit[], now: number) {
  const args = rules.flatMap((rule) => [rule.algorithm, rule.limit, rule.windowMs, rule.cost]);
  const [at, passed, ...rest] = (await redis.eval(
    LIMIT,
    keys.length,
    ...keys,
    mode,
    ...args,
    now,
  )) as number[];
  expect(at).toBe(now);
  const limits = rules.map((_, i) => {
    const [remaining = NaN, wait = NaN, reset = NaN] = rest.slice(3 * i);
    return { remaining, wait, reset };
  });
  return { passed: passed === 1, limits } satisfies Answer;
}

function freshKeys(count: number): string[] {
  serial += 1;
  return Array.from({ length: count }, (_, i) => `test:{${serial}}:${i}`);
}

const windows = fc.oneof(
  fc.constantFrom(10_000, 60_000, 3_600_000),
  fc.integer({ min: 5_000, max: 100_000 }),
);
const rule: fc.Arbitrary<ModelLimit> = fc
  .record({
    algorithm: fc.constantFrom("sliding-log" as const, "sliding-window" as const),
    limit: fc.integer({ min: 1, max: 20 }),
    windowMs: windows,
    cost: fc.integer({ min: 1, max: 4 }),
  })
  .map((made) => ({ ...made, cost: Math.min(made.cost, made.limit) }));

/** Gaps in parts of a window: bursts, near edges, long pauses. */
const gaps = fc.array(
  fc.oneof(
    fc.constant(0),
    fc.integer({ min: 1, max: 30 }).map((n) => n / 1000),
    fc.double({ min: 0, max: 0.4, noNaN: true }),
    fc.constantFrom(1, 0.999, 1.001, 2, 2.5),
  ),
  { minLength: 5, maxLength: 40 },
);

describe("the limit script against the model", () => {
  test("admits exactly where the model admits, for several limits at once", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(rule, { minLength: 1, maxLength: 3 }),
        gaps,
        fc.nat(1e9),
        async (rules, steps, offset) => {
          const keys = freshKeys(rules.length);
          const models = rules.map((each) => new Model(each));
          let now = 1_750_000_000_000 + offset;
          for (const step of steps) {
            now += Math.round(step * (rules[0]?.windowMs ?? 0));
            const expected = models.every((model) => model.admits(now));
            const answer = await run("take", keys, rules, now);
            expect(answer.passed).toBe(expected);
            if (expected) for (const model of models) model.take(now);
            expect(answer.limits.map((limit) => limit.remaining)).toEqual(
              models.map((model) => model.remaining(now)),
            );
          }
          for (const model of models) expect(model.most()).toBeLessThanOrEqual(model.bound());
        },
      ),
      { numRuns: 150 },
    );
  });

  test("the wait is exact: admitted then, denied one millisecond before", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(rule, { minLength: 1, maxLength: 3 }),
        gaps,
        fc.nat(1e9),
        async (rules, steps, offset) => {
          const keys = freshKeys(rules.length);
          let now = 1_750_000_000_000 + offset;
          for (const step of steps) {
            now += Math.round(step * (rules[0]?.windowMs ?? 0));
            const answer = await run("take", keys, rules, now);
            if (answer.passed) continue;
            const wait = Math.max(...answer.limits.map((limit) => limit.wait));
            expect(wait).toBeGreaterThan(0);
            expect((await run("peek", keys, rules, now + wait - 1)).passed).toBe(false);
            expect((await run("peek", keys, rules, now + wait)).passed).toBe(true);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  test("reset is exact: more than what remains has room then, and not one millisecond before", async () => {
    await fc.assert(
      fc.asyncProperty(rule, gaps, fc.nat(1e9), async (only, steps, offset) => {
        const keys = freshKeys(1);
        let now = 1_750_000_000_000 + offset;
        for (const step of steps) {
          now += Math.round(step * only.windowMs);
          const [limit] = (await run("take", keys, [only], now)).limits;
          if (!limit || limit.remaining === only.limit) continue;
          const more = [{ ...only, cost: limit.remaining + 1 }];
          expect((await run("peek", keys, more, now + limit.reset - 1)).passed).toBe(false);
          expect((await run("peek", keys, more, now + limit.reset)).passed).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("a denied request changes no key", async () => {
    const rules: ModelLimit[] = [
      { algorithm: "sliding-log", limit: 5, windowMs: 60_000, cost: 1 },
      { algorithm: "sliding-window", limit: 1, windowMs: 60_000, cost: 1 },
    ];
    const keys = freshKeys(2);
    const now = 1_750_000_000_000;
    expect((await run("take", keys, rules, now)).passed).toBe(true);
    const before = await Promise.all(keys.map((key) => redis.dumpBuffer(key)));
    expect((await run("take", keys, rules, now + 1)).passed).toBe(false);
    expect(await Promise.all(keys.map((key) => redis.dumpBuffer(key)))).toEqual(before);
  });

  test("a cost above the limit never has room", async () => {
    for (const algorithm of ["sliding-log", "sliding-window"] as const) {
      const rules: ModelLimit[] = [{ algorithm, limit: 3, windowMs: 60_000, cost: 4 }];
      const answer = await run("take", freshKeys(1), rules, 1_750_000_000_000);
      expect(answer).toEqual({ passed: false, limits: [{ remaining: 3, wait: -1, reset: 0 }] });
    }
  });

  test("a clock that steps back frees nobody, and locks out for no longer than the step", async () => {
    await fc.assert(
      fc.asyncProperty(
        rule,
        fc.integer({ min: 1, max: 3_600_000 }),
        fc.nat(1e9),
        async (made, stepMs, offset) => {
          const only = { ...made, cost: 1 };
          const keys = freshKeys(1);
          const now = 1_750_000_000_000 + offset;
          for (let i = 0; i < only.limit; i += 1) {
            expect((await run("take", keys, [only], now)).passed).toBe(true);
          }
          const before = (await run("peek", keys, [only], now)).limits[0];
          const after = (await run("take", keys, [only], now - stepMs)).limits[0];
          expect(after?.wait).toBeGreaterThanOrEqual(before?.wait ?? NaN);
          expect(after?.wait).toBeLessThanOrEqual((before?.wait ?? NaN) + stepMs);
          expect(
            (await run("peek", keys, [only], now - stepMs + (after?.wait ?? NaN))).passed,
          ).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("a refund gives back what one request took, and no more", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(rule, { minLength: 1, maxLength: 3 }),
        fc.nat(1e9),
        async (rules, offset) => {
          const keys = freshKeys(rules.length);
          const now = 1_750_000_000_000 + offset;
          const fresh = await run("peek", keys, rules, now);
          expect((await run("take", keys, rules, now)).passed).toBe(true);
          const args = rules.flatMap((each) => [
            each.algorithm,
            each.limit,
            each.windowMs,
            each.cost,
          ]);
          const cost = rules.reduce((total, each) => total + each.cost, 0);
          const refund = () => redis.eval(REFUND, keys.length, ...keys, now, ...args, now + 10);
          expect(await refund()).toBe(cost);
          expect(await run("peek", keys, rules, now)).toEqual(fresh);
          expect(await refund()).toBe(0);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe("the production script", () => {
  test("takes its time from Redis and differs from the tested one in nothing else", () => {
    expect(LIMIT_SCRIPT.lua).toContain("redis.call('TIME')");
    expect(LIMIT_SCRIPT.lua.replace(REDIS_CLOCK, CLOCK_FROM_ARGV)).toBe(LIMIT);
  });

  test("gives every key a time to live", async () => {
    const keys = freshKeys(2);
    await redis.eval(
      LIMIT_SCRIPT.lua,
      2,
      ...keys,
      "take",
      "sliding-log",
      5,
      60_000,
      2,
      "sliding-window",
      5,
      60_000,
      2,
    );
    for (const key of keys) {
      const ttl = await redis.pttl(key);
      expect(ttl).toBeGreaterThan(60_000 - 1_000);
      expect(ttl).toBeLessThanOrEqual(121_000);
    }
  });
});
