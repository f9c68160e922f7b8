import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Charge } from "#lib/limit/charge";
import { createLimiter } from "#lib/limit/limiter";
import { restore } from "#lib/limit/restore";
import { compilePolicy } from "#lib/policy/compile";
import { definePolicy } from "#lib/policy/define";
import type { RuleSet } from "#lib/policy/types";
import { createRedis } from "#lib/redis/client";
import { keyNames } from "#lib/redis/keys";
import { serve, type ServedStore } from "../support/served.ts";
import { STORES_AND_CLUSTER } from "../support/stores.ts";

const ALGORITHMS = ["sliding-log", "sliding-window", "fixed-window", "token-bucket"] as const;
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
  const rules = policy.rule(name)?.applyTo({ identity: () => undefined, isEnforced: () => true });
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
    const redis = createRedis({ ...store, deadlineMs: 10_000 });
    const limiter = createLimiter(redis, keys);
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
    return {
      add: (...taken: { ageMs: number; units: number }[]) => restore(redis, [{ charge, taken }]),
      take: (cost = 1) => limiter.take(rules, [client], cost),
      remaining: async () => (await limiter.peek(rules, [client])).limits[0]?.remaining,
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
