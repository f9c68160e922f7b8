import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type GroupedLimit, LIMIT_STORES, limitsOn } from "../support/limit-stores.ts";
import { freshKeys, gaps, offsets, rule, START } from "../support/limit-walks.ts";
import { boundOf, type ModelLimit, mostIn } from "../support/model.ts";

const HOUR_MS = 3_600_000;

/** The longest time that a client may have to wait, in milliseconds. */
function longestWait({ algorithm, windowMs }: Pick<ModelLimit, "algorithm" | "windowMs">): number {
  return algorithm === "sliding-window" ? 2 * windowMs : windowMs;
}

describe.each(LIMIT_STORES)("when the clock of $name steps", (kind) => {
  const on = limitsOn(kind);

  const steps = fc.integer({ min: 1, max: HOUR_MS });

  async function takeAlong(keys: string[], only: ModelLimit, walk: number[], start: number) {
    let now = start;
    for (const part of walk) {
      now += Math.round(part * only.windowMs);
      await on.run("consume", keys, [only], now);
    }
    return now;
  }

  test("when the clock steps back, no client is freed, none waits longer than a window, and each wait is exact", async () => {
    await fc.assert(
      fc.asyncProperty(rule, gaps, steps, offsets, async (only, walk, step, offset) => {
        const keys = freshKeys(1);
        const now = await takeAlong(keys, only, walk, START + offset);
        const [before] = (await on.run("peek", keys, [only], now)).limits;
        const back = now - step;
        const answer = await on.run("consume", keys, [only], back);
        const [after] = answer.limits;
        const taken = answer.passed ? only.cost : 0;
        expect(after?.remaining).toBeLessThanOrEqual((before?.remaining ?? NaN) - taken);
        const hadCapacity = before?.wait === 0;
        expect(answer.passed && !hadCapacity).toBe(false);
        if (answer.passed) return;
        const wait = after?.wait ?? NaN;
        expect(wait).toBeGreaterThan(0);
        expect(wait).toBeLessThanOrEqual(longestWait(only));
        expect(after?.reset).toBeLessThanOrEqual(longestWait(only));
        expect((await on.run("consume", keys, [only], back + wait - 1)).passed).toBe(false);
        expect((await on.run("consume", keys, [only], back + wait)).passed).toBe(true);
      }),
      { numRuns: 80 },
    );
  });

  test("when the clock steps forward, no client is locked out and none is freed by more than the step", async () => {
    await fc.assert(
      fc.asyncProperty(rule, gaps, steps, offsets, async (only, walk, step, offset) => {
        const keys = freshKeys(1);
        const now = await takeAlong(keys, only, walk, START + offset);
        const [before] = (await on.run("peek", keys, [only], now)).limits;
        const [after] = (await on.run("peek", keys, [only], now + step)).limits;
        expect(after?.wait).toBeLessThanOrEqual(Math.max(0, (before?.wait ?? NaN) - step));
        expect(after?.wait).toBeGreaterThanOrEqual((before?.wait ?? NaN) - step);
      }),
      { numRuns: 50 },
    );
  });

  test("when the clock steps back again and again, no window of true time admits more, and each wait is exact", async () => {
    const jumps = fc.array(
      fc.record({
        gap: fc.double({ min: 0, max: 0.3, noNaN: true }),
        // Only backward steps are tested: a clock that jumps forward by a window expires older entries.
        jump: fc.oneof(
          fc.constant(0),
          fc.integer({ min: -HOUR_MS, max: 0 }),
          fc.integer({ min: -3_000, max: 0 }),
        ),
      }),
      { minLength: 5, maxLength: 30 },
    );
    await fc.assert(
      fc.asyncProperty(rule, jumps, offsets, async (only, walk, offset) => {
        const keys = freshKeys(1);
        const admitted: { at: number; cost: number }[] = [];
        let truth = START + offset;
        let error = 0;
        for (const { gap, jump } of walk) {
          truth += Math.round(gap * only.windowMs);
          error += jump;
          const answer = await on.run("consume", keys, [only], truth + error);
          if (answer.passed) admitted.push({ at: truth, cost: only.cost });
          const wait = answer.limits[0]?.wait ?? NaN;
          if (wait <= 0) continue;
          expect(wait).toBeLessThanOrEqual(longestWait(only));
          const then = truth + error + wait;
          expect((await on.run("peek", keys, [only], then - 1)).passed).toBe(false);
          expect((await on.run("peek", keys, [only], then)).passed).toBe(true);
        }
        expect(mostIn(admitted, only.windowMs)).toBeLessThanOrEqual(boundOf(only));
      }),
      { numRuns: 60 },
    );
  });

  test("when the clock steps back and forth over a window's edge, a fixed window is not emptied twice", async () => {
    const [key = ""] = freshKeys(1);
    const fixed: ModelLimit = { algorithm: "fixed-window", limit: 2, windowMs: 60_000, cost: 2 };
    const edge = START - (START % 60_000);
    const passes = async (now: number) => (await on.run("consume", [key], [fixed], now)).passed;
    expect(await passes(edge - 2)).toBe(true);
    expect(await passes(edge)).toBe(true);
    expect(await passes(edge - 1)).toBe(false);
    expect(await passes(edge)).toBe(false);
    expect(await passes(edge + 59_998)).toBe(false);
    expect(await passes(edge + 59_999)).toBe(true);
  });

  test("when the clock steps back, the state of a shadow rule and of another algorithm is stamped again too", async () => {
    const fixed: GroupedLimit = { algorithm: "fixed-window", limit: 9, windowMs: 60_000, cost: 1 };
    const limits = [fixed, { ...fixed, limit: 1, group: 1 }, { ...fixed, limit: 1, group: 2 }];
    const keys = freshKeys(3);
    const [, , third = ""] = keys;
    await on.run("consume", keys.slice(0, 2), limits.slice(0, 2), START + HOUR_MS);
    await on.run("consume", [third], [{ ...fixed, algorithm: "sliding-log" }], START + HOUR_MS);
    const stepped = await on.run("consume", keys, limits, START);
    expect(stepped.passed).toBe(true);
    expect(stepped.limits.map(({ wait }) => wait)).toEqual([0, 60_000, 60_000]);
    const later = await on.run("consume", keys, limits, START + 60_000);
    expect(later.limits.map(({ wait }) => wait)).toEqual([0, 0, 0]);
  });
});
