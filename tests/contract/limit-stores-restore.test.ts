import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LIMIT_STORES, limitsOn } from "../support/limit-stores.ts";
import { ALGORITHMS, freshKeys, offsets, rule, START } from "../support/limit-walks.ts";
import { Model, type ModelLimit } from "../support/model.ts";

const HOUR_MS = 3_600_000;

describe.each(LIMIT_STORES)("a restore to $name", (kind) => {
  const on = limitsOn(kind);

  const remaining = async (key: string, only: ModelLimit, now: number) =>
    (await on.run("peek", [key], [only], now)).limits[0]?.remaining;

  const limitOf = (algorithm: ModelLimit["algorithm"]): ModelLimit => ({
    algorithm,
    limit: 10,
    windowMs: HOUR_MS,
    cost: 1,
  });

  test.each(ALGORITHMS)(
    "restored units are added to a %s, to the units that it has",
    async (algorithm) => {
      const [key = ""] = freshKeys(1);
      const only = limitOf(algorithm);
      await on.run("consume", [key], [{ ...only, cost: 2 }], START);
      await on.restore(key, only, [{ at: START, units: 3 }], START);
      expect(await remaining(key, only, START)).toBe(5);
      await on.restore(key, only, [{ at: START, units: 9 }], START);
      expect(await remaining(key, only, START)).toBe(0);
      const denied = await on.run("consume", [key], [only], START);
      expect(denied.passed).toBe(false);
      expect(denied.limits[0]?.wait).toBeGreaterThan(0);
    },
  );

  test.each(ALGORITHMS)(
    "restored units do not count in a %s once a window has passed",
    async (algorithm) => {
      const [key = ""] = freshKeys(1);
      const only = limitOf(algorithm);
      const taken = [START - HOUR_MS - 1, START - HOUR_MS].map((at) => ({ at, units: 9 }));
      await on.restore(key, only, taken, START);
      expect(await remaining(key, only, START)).toBe(10);
    },
  );

  test.each(ALGORITHMS)(
    "restored units are adopted with the count of another algorithm (%s)",
    async (algorithm) => {
      for (const other of ALGORITHMS) {
        const [key = ""] = freshKeys(1);
        await on.run("consume", [key], [{ ...limitOf(other), cost: 4 }], START);
        await on.restore(key, limitOf(algorithm), [{ at: START, units: 3 }], START);
        expect(await remaining(key, limitOf(algorithm), START)).toBe(3);
      }
    },
  );

  test("restored units expire in a sliding log with their original time", async () => {
    const [key = ""] = freshKeys(1);
    const log = limitOf("sliding-log");
    await on.restore(key, log, [{ at: START - HOUR_MS + 60_000, units: 10 }], START);
    expect((await on.run("consume", [key], [log], START)).limits[0]?.wait).toBe(60_000);
  });

  test("restored units refill in a bucket from their original time", async () => {
    const [key = ""] = freshKeys(1);
    const bucket = limitOf("token-bucket");
    await on.restore(key, bucket, [{ at: START - HOUR_MS / 2, units: 8 }], START);
    // Five of eight units have refilled.
    expect(await remaining(key, bucket, START)).toBe(7);
  });

  test("units that two instances restore for the same moment all count", async () => {
    const [key = ""] = freshKeys(1);
    const log = limitOf("sliding-log");
    const at = START - 50;
    await Promise.all([3, 4].map((units) => on.restore(key, log, [{ at, units }], START)));
    expect(await remaining(key, log, START)).toBe(3);
  });

  test("restored units leave no more capacity than if the store had counted them all", async () => {
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
          if (!isLocal) await on.run("report", [key], [only], at);
        }
        const local = timed.filter(({ isLocal }) => isLocal);
        const taken = local.map(({ at }) => ({ at, units: only.cost }));
        await on.restore(key, only, taken, now);
        const left = await remaining(key, only, now);
        expect(left).toBeLessThanOrEqual(whole.remaining(now));
        // A bucket keeps only its last level, and may therefore leave less.
        const least = only.algorithm === "token-bucket" ? 0 : whole.remaining(now);
        expect(left).toBeGreaterThanOrEqual(least);
      }),
      { numRuns: 80 },
    );
  });

  test("restored units refill in a bucket together with units that the store consumed at the same moment", async () => {
    const bucket: ModelLimit = {
      algorithm: "token-bucket",
      limit: 10,
      windowMs: 10_000,
      cost: 5,
    };
    const [key = ""] = freshKeys(1);
    await on.run("consume", [key], [bucket], START);
    await on.restore(key, bucket, [{ at: START, units: 5 }], START + 5_000);
    expect(await remaining(key, bucket, START + 5_000)).toBe(5);
  });

  test("restored units refill in a bucket together with units that the store consumed before", async () => {
    const bucket: ModelLimit = {
      algorithm: "token-bucket",
      limit: 10,
      windowMs: 10_000,
      cost: 5,
    };
    const [key = ""] = freshKeys(1);
    await on.run("consume", [key], [bucket], START);
    await on.restore(key, bucket, [{ at: START + 2_000, units: 6 }], START + 4_000);
    // Five units are consumed, two refill, six are consumed, two refill.
    expect(await remaining(key, bucket, START + 4_000)).toBe(3);
  });

  test("restored units count in a fixed window that began at another algorithm's count", async () => {
    const fixed: ModelLimit = { algorithm: "fixed-window", limit: 9, windowMs: 10_000, cost: 1 };
    const [key = ""] = freshKeys(1);
    await on.run("consume", [key], [{ ...fixed, algorithm: "sliding-log" }], START);
    await on.run("consume", [key], [fixed], START + 9_000);
    await on.restore(key, fixed, [{ at: START + 8_000, units: 3 }], START + 11_000);
    expect(await remaining(key, fixed, START + 11_000)).toBe(4);
    expect(await remaining(key, fixed, START + 19_000)).toBe(9);
  });

  test("restored units count from now when the store's clock stepped back", async () => {
    for (const algorithm of ALGORITHMS) {
      const [key = ""] = freshKeys(1);
      const only: ModelLimit = { algorithm, limit: 9, windowMs: 60_000, cost: 1 };
      await on.run("consume", [key], [only], START + HOUR_MS);
      await on.restore(key, only, [{ at: START - 1, units: 3 }], START);
      const wait = (await on.run("consume", [key], [{ ...only, cost: 9 }], START)).limits[0]?.wait;
      expect(wait).toBeLessThanOrEqual(120_000);
      expect(await remaining(key, only, START)).toBe(5);
    }
  });
});
