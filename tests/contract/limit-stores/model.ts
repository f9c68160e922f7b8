import fc from "fast-check";
import { expect, test } from "vitest";
import { largestLimitOf } from "#lib/limit/algorithms/all";
import { ALGORITHMS, freshKeys, gaps, offsets, rule, START } from "../../support/limit-walks.ts";
import { Model, type ModelLimit } from "../../support/model.ts";
import type { LimitsOn } from "../../support/limit-stores.ts";

const rules = fc.array(rule, { minLength: 1, maxLength: 3 });

/** Tests that a store admits, waits and resets exactly as the model does. */
export function testModel(on: LimitsOn): void {
  test("the store admits exactly where the model admits, for several limits at once", async () => {
    await fc.assert(
      fc.asyncProperty(rules, gaps, offsets, async (limits, steps, offset) => {
        const keys = freshKeys(limits.length);
        const models = limits.map((each) => new Model(each));
        let now = START + offset;
        for (const step of steps) {
          now += Math.round(step * (limits[0]?.windowMs ?? 0));
          const expected = models.every((model) => model.admits(now));
          const answer = await on.run("consume", keys, limits, now);
          expect(answer.passed).toBe(expected);
          if (expected) for (const model of models) model.take(now);
          expect(answer.limits.map((limit) => limit.remaining)).toEqual(
            models.map((model) => model.remaining(now)),
          );
        }
        for (const model of models) expect(model.most()).toBeLessThanOrEqual(model.bound());
      }),
      { numRuns: 80 },
    );
  });

  test("the store returns an exact wait: allowed then, denied one millisecond before", async () => {
    await fc.assert(
      fc.asyncProperty(rules, gaps, offsets, async (limits, steps, offset) => {
        const keys = freshKeys(limits.length);
        let now = START + offset;
        for (const step of steps) {
          now += Math.round(step * (limits[0]?.windowMs ?? 0));
          const answer = await on.run("consume", keys, limits, now);
          if (answer.passed) continue;
          const wait = Math.max(...answer.limits.map((limit) => limit.wait));
          expect(wait).toBeGreaterThan(0);
          expect((await on.run("peek", keys, limits, now + wait - 1)).passed).toBe(false);
          expect((await on.run("peek", keys, limits, now + wait)).passed).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("the store returns an exact reset: more capacity then, and not one millisecond before", async () => {
    await fc.assert(
      fc.asyncProperty(rule, gaps, offsets, async (only, steps, offset) => {
        const keys = freshKeys(1);
        let now = START + offset;
        for (const step of steps) {
          now += Math.round(step * only.windowMs);
          const [limit] = (await on.run("consume", keys, [only], now)).limits;
          if (!limit || limit.remaining === only.limit) continue;
          const more = [{ ...only, cost: limit.remaining + 1 }];
          expect((await on.run("peek", keys, more, now + limit.reset - 1)).passed).toBe(false);
          expect((await on.run("peek", keys, more, now + limit.reset)).passed).toBe(true);
        }
      }),
      { numRuns: 81 },
    );
  });

  test.each(ALGORITHMS)(
    "the store never has capacity for a cost above the limit (%s)",
    async (algorithm) => {
      const only: ModelLimit = { algorithm, limit: 3, windowMs: 60_000, cost: 4 };
      const answer = await on.run("consume", freshKeys(1), [only], START);
      expect(answer).toEqual({ passed: false, limits: [{ remaining: 3, wait: -1, reset: 0 }] });
    },
  );

  test.each(ALGORITHMS.filter((algorithm) => largestLimitOf(algorithm) === Infinity))(
    "the store is exact up to the largest limit that a policy may have (%s)",
    async (algorithm) => {
      const windowMs = 31 * 24 * 3_600_000;
      const limit = Math.floor(2 ** 53 / windowMs);
      const keys = freshKeys(1);
      const most: ModelLimit = { algorithm, limit, windowMs, cost: limit - 1 };
      expect((await on.run("consume", keys, [most], START)).limits[0]?.remaining).toBe(1);
      const one = { ...most, cost: 1 };
      expect((await on.run("consume", keys, [one], START)).limits[0]?.remaining).toBe(0);
      const wait = (await on.run("consume", keys, [one], START)).limits[0]?.wait ?? NaN;
      expect((await on.run("peek", keys, [one], START + wait - 1)).passed).toBe(false);
      expect((await on.run("peek", keys, [one], START + wait)).passed).toBe(true);
    },
  );
}
