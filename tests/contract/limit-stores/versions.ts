import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ALGORITHMS, freshKeys, offsets, START } from "../../support/limit-walks.ts";
import { type ModelLimit, mostIn } from "../../support/model.ts";
import type { LimitsOn } from "../../support/limit-stores.ts";

const limits = fc.integer({ min: 1, max: 12 });
const costs = fc.integer({ min: 1, max: 3 });
const version = fc
  .record({ algorithm: fc.constantFrom(...ALGORITHMS), limit: limits, cost: costs })
  .map((made) => ({ ...made, windowMs: 10_000, cost: Math.min(made.cost, made.limit) }));
/** Either limit may be the larger, or both may be equal. */
const pair = fc
  .tuple(version, version, fc.boolean())
  .map(([old, next, same]): readonly [ModelLimit, ModelLimit] => [
    old,
    same ? { ...next, limit: old.limit, cost: Math.min(next.cost, old.limit) } : next,
  ]);
/** How many units two versions may admit in any window, in multiples of the larger limit. */
function timesTheLimit(...versions: readonly ModelLimit[]): number {
  const used = new Set(versions.map(({ algorithm }) => algorithm));
  if (used.has("fixed-window") && used.has("token-bucket")) return 3;
  return used.size === 1 && used.has("sliding-log") ? 1 : 2;
}

/** A window is used up at its end, and a bucket that starts then is full and refills. */
const WINDOW_THEN_BUCKET: [
  readonly [ModelLimit, ModelLimit],
  { isOld: boolean; gap: number | string; times: number }[],
  number,
] = [
  [
    { algorithm: "token-bucket", limit: 7, cost: 1, windowMs: 10_000 },
    { algorithm: "fixed-window", limit: 7, cost: 1, windowMs: 10_000 },
  ],
  [
    { isOld: true, gap: "edge", times: 1 },
    { isOld: false, gap: "edge", times: 1 },
    { isOld: false, gap: "before the edge", times: 6 },
    { isOld: true, gap: 1, times: 1 },
    { isOld: true, gap: 941, times: 6 },
    { isOld: false, gap: 1917, times: 2 },
  ],
  0,
];

/** Which of the two versions checks, how often, and when: also right before and at a window's edge. */
const turn = fc.record({
  isOld: fc.boolean(),
  gap: fc.oneof(
    fc.integer({ min: 0, max: 2_000 }),
    fc.constantFrom("edge", "before the edge", "after the edge"),
  ),
  times: fc.integer({ min: 1, max: 12 }),
});
const turns = fc.array(turn, { minLength: 5, maxLength: 25 });

function later(now: number, gap: number | string): number {
  if (typeof gap === "number") return now + gap;
  const edge = (Math.floor(now / 10_000) + 1) * 10_000;
  if (gap === "edge") return edge;
  return gap === "before the edge" ? Math.max(now, edge - 1) : edge + 1;
}

/** Tests changes of the policy while keys exist, and two versions of a policy side by side. */
export function testVersions(on: LimitsOn): void {
  describe("a change of the policy while keys exist", () => {
    test.each(ALGORITHMS)("a raised limit has the added capacity (%s)", async (algorithm) => {
      const keys = freshKeys(1);
      const old: ModelLimit = { algorithm, limit: 4, windowMs: 60_000, cost: 1 };
      for (let i = 0; i < 4; i += 1) await on.run("consume", keys, [old], START);
      expect((await on.run("consume", keys, [old], START)).passed).toBe(false);
      const raised = { ...old, limit: 8 };
      const answer = await on.run("consume", keys, [raised], START);
      expect(answer.passed).toBe(true);
      expect(answer.limits[0]?.remaining).toBe(3);
    });

    test.each(ALGORITHMS)(
      "a lowered limit applies at once, for a window (%s)",
      async (algorithm) => {
        const keys = freshKeys(1);
        const old: ModelLimit = { algorithm, limit: 8, windowMs: 60_000, cost: 1 };
        const start = START - (START % 60_000);
        for (let i = 0; i < 8; i += 1) await on.run("consume", keys, [old], start);
        const lowered = { ...old, limit: 3 };
        const answer = await on.run("consume", keys, [lowered], start);
        expect(answer.passed).toBe(false);
        expect(answer.limits[0]?.wait).toBeLessThanOrEqual(2 * 60_000);
        expect((await on.run("consume", keys, [lowered], start + 120_000)).passed).toBe(true);
      },
    );

    test("two versions side by side admit at one moment no more than the larger limit", async () => {
      await fc.assert(
        fc.asyncProperty(pair, turns, offsets, async ([old, next], walk, offset) => {
          const keys = freshKeys(1);
          let admitted = 0;
          for (const { isOld, times } of walk) {
            const sending = isOld ? old : next;
            for (let i = 0; i < times; i += 1) {
              const answer = await on.run("consume", keys, [sending], START + offset);
              if (answer.passed) admitted += sending.cost;
            }
          }
          expect(admitted).toBeLessThanOrEqual(Math.max(old.limit, next.limit));
        }),
        { numRuns: 80 },
      );
    });

    test("two versions side by side keep the bound that docs/concepts/algorithms.md states for any window, wait exactly, and never fail", async () => {
      await fc.assert(
        fc.asyncProperty(pair, turns, offsets, async ([old, next], walk, offset) => {
          const keys = freshKeys(1);
          const admitted: { at: number; cost: number }[] = [];
          let now = START + offset;
          for (const { isOld, gap, times } of walk) {
            now = later(now, gap);
            const sending = isOld ? old : next;
            for (let i = 0; i < times; i += 1) {
              const answer = await on.run("consume", keys, [sending], now);
              if (answer.passed) admitted.push({ at: now, cost: sending.cost });
              const wait = answer.limits[0]?.wait ?? NaN;
              if (wait <= 0) continue;
              expect((await on.run("peek", keys, [sending], now + wait - 1)).passed).toBe(false);
              expect((await on.run("peek", keys, [sending], now + wait)).passed).toBe(true);
              break;
            }
          }
          const larger = Math.max(old.limit, next.limit);
          expect(mostIn(admitted, 10_000)).toBeLessThanOrEqual(timesTheLimit(old, next) * larger);
        }),
        { numRuns: 60, examples: [WINDOW_THEN_BUCKET] },
      );
    });

    test("a bucket that is full again does not empty the window that follows it", async () => {
      const keys = freshKeys(1);
      const bucket: ModelLimit = { algorithm: "token-bucket", limit: 2, windowMs: 1000, cost: 1 };
      const fixed: ModelLimit = { ...bucket, algorithm: "fixed-window" };
      const edge = START - (START % 1000);
      const pending = [
        [79, bucket],
        [985, fixed],
        [985, fixed],
        [1000, fixed],
        [1000, fixed],
      ] as const;
      const passed: boolean[] = [];
      for (const [at, rule] of pending) {
        passed.push((await on.run("consume", keys, [rule], edge + at)).passed);
      }
      expect(passed).toEqual([true, true, true, false, false]);
    });

    test("a lowered bucket returns a wait that is exact, and no longer than a window", async () => {
      const keys = freshKeys(1);
      const old: ModelLimit = { algorithm: "token-bucket", limit: 100, windowMs: 60_000, cost: 80 };
      await on.run("consume", keys, [old], START);
      const lowered = [{ ...old, limit: 10, cost: 1 }];
      const wait = (await on.run("peek", keys, lowered, START + 7)).limits[0]?.wait ?? NaN;
      expect(wait).toBe(60_000 - 7);
      expect((await on.run("peek", keys, lowered, START + 6 + wait)).passed).toBe(false);
      expect((await on.run("consume", keys, lowered, START + 7 + wait)).passed).toBe(true);
    });

    test("a refund returns nothing from a count that another algorithm adopted", async () => {
      const keys = freshKeys(1);
      const old: ModelLimit = { algorithm: "sliding-log", limit: 5, windowMs: 60_000, cost: 1 };
      const next: ModelLimit = { ...old, algorithm: "token-bucket" };
      await on.run("consume", keys, [old], START);
      const adopted = await on.run("consume", keys, [next], START);
      expect(adopted.limits[0]?.remaining).toBe(3);
      expect(await on.refund(keys, [old], START, START)).toBe(0);
      expect((await on.run("peek", keys, [next], START)).limits[0]?.remaining).toBe(3);
    });
  });
}
