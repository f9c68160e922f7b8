import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { largestLimitOf } from "#lib/limit/algorithms/all";
import { type GroupedLimit, LIMIT_STORES, limitsOn } from "../support/limit-stores.ts";
import {
  ALGORITHMS,
  freshKeys,
  gaps,
  offsets,
  rule,
  ruleWith,
  START,
} from "../support/limit-walks.ts";
import { Model, type ModelLimit, mostIn } from "../support/model.ts";

const rules = fc.array(rule, { minLength: 1, maxLength: 3 });

describe.each(LIMIT_STORES)("$name", (kind) => {
  const on = limitsOn(kind);

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

  describe("with rules in shadow", () => {
    const decides: GroupedLimit = {
      algorithm: "fixed-window",
      limit: 2,
      windowMs: 60_000,
      cost: 1,
    };
    const shadow: GroupedLimit = { ...decides, limit: 1, group: 1 };
    const other: GroupedLimit = { ...decides, limit: 9, group: 2 };

    test("rules in shadow deny no request, and each consumes where it has capacity", async () => {
      const keys = freshKeys(3);
      const limits = [decides, shadow, other];
      expect((await on.run("consume", keys, limits, START)).passed).toBe(true);
      const second = await on.run("consume", keys, limits, START);
      expect(second.passed).toBe(true);
      expect(second.limits.map(({ remaining }) => remaining)).toEqual([0, 0, 7]);
      expect(second.limits[1]?.wait).toBeGreaterThan(0);
    });

    test("a denial consumes nothing from rules in shadow", async () => {
      const keys = freshKeys(2);
      const limits = [{ ...decides, limit: 1 }, other];
      await on.run("consume", keys, limits, START);
      const denied = await on.run("consume", keys, limits, START);
      expect(denied.passed).toBe(false);
      expect(denied.limits[1]?.remaining).toBe(8);
    });

    test("the store consumes from all limits of a rule in shadow, or from none", async () => {
      const keys = freshKeys(2);
      const limits = [shadow, { ...shadow, limit: 9 }];
      await on.run("consume", keys, limits, START);
      const second = await on.run("consume", keys, limits, START);
      expect(second.passed).toBe(true);
      expect(second.limits[1]?.remaining).toBe(8);
    });
  });

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

  test("units that were allowed already are recorded whether or not capacity is left", async () => {
    const exact = ruleWith(
      fc.constantFrom(...ALGORITHMS.filter((algorithm) => algorithm !== "token-bucket")),
    );
    const several = fc.array(exact, { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(several, gaps, offsets, async (limits, steps, offset) => {
        const keys = freshKeys(limits.length);
        const models = limits.map((each) => new Model(each));
        let now = START + offset;
        for (const [i, step] of steps.entries()) {
          now += Math.round(step * (limits[0]?.windowMs ?? 0));
          const isReport = i % 2 === 1;
          const answer = await on.run(isReport ? "report" : "consume", keys, limits, now);
          expect(answer.passed).toBe(models.every((model) => model.admits(now)));
          if (isReport || answer.passed) for (const model of models) model.take(now);
          expect(answer.limits.map((limit) => limit.remaining)).toEqual(
            models.map((model) => model.remaining(now)),
          );
        }
      }),
      { numRuns: 50 },
    );
  });

  test("a bucket that recorded more than its capacity is full a window later", async () => {
    const keys = freshKeys(1);
    const limits: ModelLimit[] = [
      { algorithm: "token-bucket", limit: 3, windowMs: 60_000, cost: 2 },
    ];
    for (let i = 0; i < 3; i += 1) await on.run("report", keys, limits, START);
    const full = await on.run("consume", keys, limits, START + 20_000);
    expect(full).toMatchObject({ passed: false, limits: [{ remaining: 0, wait: 40_000 }] });
    const after = await on.run("consume", keys, limits, START + 60_000);
    expect(after).toMatchObject({ passed: true, limits: [{ remaining: 1 }] });
  });
});
