import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Charge, Charges } from "#lib/limit/charge";
import { Limiter } from "#lib/limit/limiter";
import { RedisLimits } from "#lib/limit/stores/redis";
import { compilePolicy } from "#lib/policy/check/compile";
import { definePolicy } from "#lib/policy/define";
import type { RuleSet } from "#lib/policy/types";
import { createRedis } from "#lib/redis/client";
import { keyNames } from "#lib/redis/keys";
import { selected } from "../support/selected.ts";
import { serve, type ServedStore } from "../support/served.ts";
import { ALGORITHMS, freshKeys, offsets, rule, START } from "../support/limit-walks.ts";
import { Model, type ModelLimit } from "../support/model.ts";
import { scriptOn } from "../support/script-on.ts";
import { STORES_AND_CLUSTER } from "../support/stores.ts";

const HOUR_MS = 3_600_000;

const policy = compilePolicy(
  definePolicy({
    rules: Object.fromEntries(
      ALGORITHMS.map((algorithm) => [algorithm, { limits: { ip: "10 per hour" }, algorithm }]),
    ),
  }),
  {},
);

function rulesOf(name: string): RuleSet {
  const rules = selected(policy.rule(name));
  if (!rules) throw new Error(`There is no rule ${name}.`);
  return rules;
}

describe.each(STORES_AND_CLUSTER)("what was counted without $name", (kind) => {
  let store: ServedStore;
  let clients = 0;

  beforeAll(async () => {
    store = await serve(kind);
  });
  afterAll(() => store?.stop());

  function limited(algorithm: (typeof ALGORITHMS)[number]) {
    clients += 1;
    const client = `client${clients}`;
    const keys = keyNames("restored");
    const limits = new RedisLimits(createRedis({ ...store, deadlineMs: 10_000 }));
    const limiter = new Limiter(limits);
    const rules = rulesOf(algorithm);
    const [limit] = rules.limits;
    if (!limit) throw new Error("The rule has no limit.");
    const charge: Charge = {
      limit,
      client,
      key: keys.rateLimit(client, `${limit.rule}:ip:${HOUR_MS}`),
      cost: 1,
      group: 0,
    };
    const chargesOf = (cost: number): Charges => ({
      rules,
      all: [{ ...charge, cost }],
      isAddressKnown: true,
    });
    return {
      add: (...taken: { ageMs: number; units: number }[]) => limits.restore([{ charge, taken }]),
      take: async (cost = 1) => (await limiter.consume(chargesOf(cost))).decision,
      remaining: async () => (await limiter.peek(chargesOf(1))).decision.limits[0]?.remaining,
      key: charge.key,
    };
  }

  test.each(ALGORITHMS)(
    "is added to a %s, on top of what is there, and the key ends",
    async (name) => {
      const { add, take, remaining, key } = limited(name);
      await take(2);
      await add({ ageMs: 0, units: 3 });
      expect(await remaining()).toBe(5);
      expect(await store.pttl(key)).toBeGreaterThan(0);
      await add({ ageMs: 0, units: 9 });
      expect(await remaining()).toBe(0);
      const refused = await take();
      expect([refused.allowed, refused.reason]).toEqual([false, "over-limit"]);
      expect(refused.retryAfterMs).toBeGreaterThan(0);
    },
  );

  test.each(ALGORITHMS)("counts in a %s no more once a window has passed", async (name) => {
    const { add, remaining } = limited(name);
    await add({ ageMs: HOUR_MS, units: 9 }, { ageMs: HOUR_MS + 1, units: 9 });
    expect(await remaining()).toBe(10);
  });

  test("ends in a sliding log when it would have ended", async () => {
    const { add, take } = limited("sliding-log");
    await add({ ageMs: HOUR_MS - 60_000, units: 10 });
    const { retryAfterMs } = await take();
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
    expect(retryAfterMs).toBeGreaterThan(30_000);
  });

  test("has refilled in a bucket by as much as it would have", async () => {
    const { add, remaining } = limited("token-bucket");
    await add({ ageMs: HOUR_MS / 2, units: 8 });
    // Of eight, five are there again.
    expect(await remaining()).toBe(7);
  });

  test("by two instances at the same moments is counted of both", async () => {
    const { add, remaining } = limited("sliding-log");
    await Promise.all([add({ ageMs: 50, units: 3 }), add({ ageMs: 50, units: 4 })]);
    expect(await remaining()).toBe(3);
  });
});

describe.each(STORES_AND_CLUSTER)(
  "what is added on $name beside what the store counted",
  (kind) => {
    const on = scriptOn(kind);

    const remaining = async (key: string, only: ModelLimit, now: number) =>
      (await on.script.run("peek", [key], [only], now)).limits[0]?.remaining;

    test("leaves no more than if the store had counted all of it", async () => {
      const takes = fc.array(
        fc.record({
          ago: fc.oneof(fc.constantFrom(0, 0.5), fc.double({ min: 0, max: 0.999, noNaN: true })),
          isLocal: fc.boolean(),
        }),
        { minLength: 1, maxLength: 15 },
      );
      await fc.assert(
        fc.asyncProperty(rule, takes, offsets, async (only, chosen, offset) => {
          const [key = ""] = freshKeys(1);
          const now = START + offset;
          const whole = new Model(only);
          const timed = chosen
            .map(({ ago, isLocal }) => ({ at: now - Math.floor(ago * only.windowMs), isLocal }))
            .toSorted((a, b) => a.at - b.at);
          for (const { at, isLocal } of timed) {
            whole.take(at);
            if (!isLocal) await on.script.run("report", [key], [only], at);
          }
          const local = timed.filter(({ isLocal }) => isLocal);
          const taken = local.map(({ at }) => ({ at, units: only.cost }));
          await on.script.restore(key, only, taken, now);
          const left = await remaining(key, only, now);
          expect(left).toBeLessThanOrEqual(whole.remaining(now));
          // A bucket keeps its last level alone, and so may leave less.
          const least = only.algorithm === "token-bucket" ? 0 : whole.remaining(now);
          expect(left).toBeGreaterThanOrEqual(least);
        }),
        { numRuns: 200 },
      );
    });

    test("has refilled in a bucket together with what the store took at the same moment", async () => {
      const bucket: ModelLimit = {
        algorithm: "token-bucket",
        limit: 10,
        windowMs: 10_000,
        cost: 5,
      };
      const [key = ""] = freshKeys(1);
      await on.script.run("take", [key], [bucket], START);
      await on.script.restore(key, bucket, [{ at: START, units: 5 }], START + 5_000);
      expect(await remaining(key, bucket, START + 5_000)).toBe(5);
    });

    test("has refilled in a bucket together with what the store took before", async () => {
      const bucket: ModelLimit = {
        algorithm: "token-bucket",
        limit: 10,
        windowMs: 10_000,
        cost: 5,
      };
      const [key = ""] = freshKeys(1);
      await on.script.run("take", [key], [bucket], START);
      await on.script.restore(key, bucket, [{ at: START + 2_000, units: 6 }], START + 4_000);
      // 5 taken, 2 refilled, 6 taken, 2 refilled.
      expect(await remaining(key, bucket, START + 4_000)).toBe(3);
    });

    test("counts in a fixed window that began at another algorithm's count", async () => {
      const fixed: ModelLimit = { algorithm: "fixed-window", limit: 9, windowMs: 10_000, cost: 1 };
      const [key = ""] = freshKeys(1);
      await on.script.run("take", [key], [{ ...fixed, algorithm: "sliding-log" }], START);
      await on.script.run("take", [key], [fixed], START + 9_000);
      await on.script.restore(key, fixed, [{ at: START + 8_000, units: 3 }], START + 11_000);
      expect(await remaining(key, fixed, START + 11_000)).toBe(4);
      expect(await remaining(key, fixed, START + 19_000)).toBe(9);
    });

    test("is counted from now where the store's clock stepped back", async () => {
      for (const algorithm of ALGORITHMS) {
        const [key = ""] = freshKeys(1);
        const only: ModelLimit = { algorithm, limit: 9, windowMs: 60_000, cost: 1 };
        await on.script.run("take", [key], [only], START + HOUR_MS);
        await on.script.restore(key, only, [{ at: START - 1, units: 3 }], START);
        const wait = (await on.script.run("take", [key], [{ ...only, cost: 9 }], START)).limits[0]
          ?.wait;
        expect(wait).toBeLessThanOrEqual(120_000);
        expect(await remaining(key, only, START)).toBe(5);
      }
    });
  },
);
