import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LIMIT_STORES, limitsOn } from "../support/limit-stores.ts";
import { ALGORITHMS, freshKeys, gaps, offsets, rule, START } from "../support/limit-walks.ts";
import { Model, type ModelLimit } from "../support/model.ts";

const rules = fc.array(rule, { minLength: 1, maxLength: 3 });
const EDGE = START - (START % 60_000);

describe.each(LIMIT_STORES)("a refund of $name", (kind) => {
  const on = limitsOn(kind);

  const take = (key: string, only: ModelLimit, now: number) =>
    on.run("consume", [key], [only], now);

  async function remaining(key: string, only: ModelLimit, now: number) {
    return (await on.run("peek", [key], [only], now)).limits[0]?.remaining;
  }

  test("a refund returns the units of one request, and no more", async () => {
    await fc.assert(
      fc.asyncProperty(rules, offsets, async (limits, offset) => {
        const keys = freshKeys(limits.length);
        const now = START + offset;
        const fresh = await on.run("peek", keys, limits, now);
        expect((await on.run("consume", keys, limits, now)).passed).toBe(true);
        const cost = limits.reduce((total, each) => total + each.cost, 0);
        expect(await on.refund(keys, limits, now, now)).toBe(cost);
        expect(await on.run("peek", keys, limits, now)).toEqual(fresh);
        expect(await on.refund(keys, limits, now, now)).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  test("a refund leaves the counts of the model, whatever was consumed between the request and its refund", async () => {
    const choices = fc.array(fc.record({ isRefund: fc.boolean(), nth: fc.nat(1000) }), {
      minLength: 40,
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(rule, gaps, choices, offsets, async (only, steps, chosen, offset) => {
        const [key = ""] = freshKeys(1);
        const model = new Model(only);
        let now = START + offset;
        for (const [i, step] of steps.entries()) {
          now += Math.round(step * only.windowMs);
          const answer = await take(key, only, now);
          expect(answer.passed).toBe(model.admits(now));
          if (answer.passed) model.take(now);
          const { isRefund = false, nth = 0 } = chosen[i] ?? {};
          const open = model.admitted.filter(({ refundedAt }) => refundedAt === undefined);
          const refunded = open[nth % open.length];
          let back = 0;
          if (isRefund && refunded) {
            back = await on.refund([key], [only], refunded.at, now);
            model.refund(model.admitted.indexOf(refunded), now);
          }
          expect(back).toBeLessThanOrEqual(only.cost);
          expect(await remaining(key, only, now)).toBe(model.remaining(now));
        }
      }),
      { numRuns: 80 },
    );
  });

  test("a refund returns the units to a bucket that have not refilled since, and no units that were consumed later", async () => {
    const bucket: ModelLimit = { algorithm: "token-bucket", limit: 10, windowMs: 10_000, cost: 10 };
    const [key = ""] = freshKeys(1);
    await take(key, bucket, START);
    expect((await take(key, { ...bucket, cost: 5 }, START + 5_000)).passed).toBe(true);
    expect(await on.refund([key], [bucket], START, START + 5_000)).toBe(5);
    expect((await take(key, bucket, START + 5_000)).passed).toBe(false);
    expect(await remaining(key, bucket, START + 5_000)).toBe(5);
    expect(await on.refund([key], [bucket], START, START + 10_000)).toBe(0);
  });

  test("a refund returns a part of a unit to a bucket that has not refilled", async () => {
    const bucket: ModelLimit = { algorithm: "token-bucket", limit: 10, windowMs: 10_000, cost: 2 };
    const [key = ""] = freshKeys(1);
    await take(key, { ...bucket, cost: 10 }, START);
    // Half a unit of two has refilled: one and a half are refunded, and reported as two.
    expect(await on.refund([key], [bucket], START, START + 500)).toBe(2);
    expect((await take(key, bucket, START + 500)).passed).toBe(true);
    expect((await take(key, { ...bucket, cost: 1 }, START + 500)).passed).toBe(false);
  });

  test.each(ALGORITHMS)("a refund returns nothing a window later (%s)", async (algorithm) => {
    const [key = ""] = freshKeys(1);
    const only: ModelLimit = { algorithm, limit: 1, windowMs: 60_000, cost: 1 };
    await take(key, only, EDGE);
    const now = EDGE + 120_000;
    expect((await take(key, only, now)).passed).toBe(true);
    expect(await on.refund([key], [only], EDGE, now)).toBe(0);
    expect((await take(key, only, now)).passed).toBe(false);
  });

  test("a refund returns nothing to a fixed window that is over, and reports that", async () => {
    const [key = ""] = freshKeys(1);
    const fixed: ModelLimit = { algorithm: "fixed-window", limit: 3, windowMs: 60_000, cost: 2 };
    await take(key, fixed, EDGE);
    expect(await on.refund([key], [fixed], EDGE, EDGE + 60_000)).toBe(0);
    await take(key, fixed, EDGE + 60_001);
    expect(await on.refund([key], [fixed], EDGE, EDGE + 60_002)).toBe(0);
    expect(await remaining(key, fixed, EDGE + 60_002)).toBe(1);
  });

  test("a refund returns units of a fixed window that began with another algorithm's count", async () => {
    const [key = ""] = freshKeys(1);
    const fixed: ModelLimit = { algorithm: "fixed-window", limit: 9, windowMs: 60_000, cost: 1 };
    await take(key, { ...fixed, algorithm: "sliding-log" }, EDGE);
    await take(key, fixed, EDGE + 20);
    expect(await on.refund([key], [fixed], EDGE + 20, EDGE + 30)).toBe(1);
    expect(await remaining(key, fixed, EDGE + 30)).toBe(8);
    expect(await on.refund([key], [fixed], EDGE + 20, EDGE + 60_020)).toBe(0);
  });

  test.each(ALGORITHMS)(
    "a refund returns units that were consumed while the clock had stepped back (%s)",
    async (algorithm) => {
      const [key = ""] = freshKeys(1);
      const only: ModelLimit = { algorithm, limit: 9, windowMs: 60_000, cost: 1 };
      await take(key, { ...only, cost: 2 }, EDGE + 60_000);
      await take(key, only, EDGE + 100);
      expect(await on.refund([key], [only], EDGE + 100, EDGE + 100)).toBe(1);
      expect(await remaining(key, only, EDGE + 100)).toBe(7);
    },
  );

  test.each(ALGORITHMS)(
    "a refund never frees units of other requests after the clock stepped back (%s)",
    async (algorithm) => {
      const [key = ""] = freshKeys(1);
      const only: ModelLimit = { algorithm, limit: 10, windowMs: 60_000, cost: 10 };
      const before = EDGE + 3_600_000;
      await take(key, only, before);
      expect((await take(key, only, EDGE)).passed).toBe(false);
      const freed = EDGE + (algorithm === "sliding-window" ? 120_000 : 60_000);
      expect((await take(key, only, freed)).passed).toBe(true);
      expect(await on.refund([key], [only], before, freed)).toBe(0);
      expect((await take(key, { ...only, cost: 1 }, freed)).passed).toBe(false);
    },
  );

  test.each(ALGORITHMS)(
    "a refund returns units from before the clock stepped back while the key is unchanged (%s)",
    async (algorithm) => {
      const [key = ""] = freshKeys(1);
      const only: ModelLimit = { algorithm, limit: 10, windowMs: 60_000, cost: 4 };
      const before = EDGE + 3_600_000;
      await take(key, only, before);
      await take(key, { ...only, cost: 3 }, before);
      expect(await on.refund([key], [only], before, EDGE)).toBe(4);
      expect(await remaining(key, only, EDGE)).toBe(7);
    },
  );
});
