import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LIMIT_SCRIPT } from "#lib/limit/stores/redis";
import type { Algorithm } from "#lib/policy/types";
import { type ScriptLimit } from "../support/limit-script.ts";
import { ALGORITHMS, freshKeys, gaps, offsets, rule, START } from "../support/limit-walks.ts";
import { boundOf, type ModelLimit, mostIn } from "../support/model.ts";
import { scriptOn } from "../support/script-on.ts";
import { asText, STORES_AND_CLUSTER } from "../support/stores.ts";

const HOUR_MS = 3_600_000;

/** The longest that a client may have to wait, in milliseconds. */
function longestWait({ algorithm, windowMs }: Pick<ModelLimit, "algorithm" | "windowMs">): number {
  return algorithm === "sliding-window" ? 2 * windowMs : windowMs;
}

describe.each(STORES_AND_CLUSTER)("when the clock of $name steps", (kind) => {
  const on = scriptOn(kind);

  const steps = fc.integer({ min: 1, max: HOUR_MS });

  async function takeAlong(keys: string[], only: ModelLimit, walk: number[], start: number) {
    let now = start;
    for (const part of walk) {
      now += Math.round(part * only.windowMs);
      await on.script.run("take", keys, [only], now);
    }
    return now;
  }

  test("back, no client is freed, none waits longer than a window, and each wait is exact", async () => {
    await fc.assert(
      fc.asyncProperty(rule, gaps, steps, offsets, async (only, walk, step, offset) => {
        const keys = freshKeys(1);
        const now = await takeAlong(keys, only, walk, START + offset);
        const [before] = (await on.script.run("peek", keys, [only], now)).limits;
        const back = now - step;
        const answer = await on.script.run("take", keys, [only], back);
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
        expect((await on.script.run("take", keys, [only], back + wait - 1)).passed).toBe(false);
        expect((await on.script.run("take", keys, [only], back + wait)).passed).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test("forward, no client is locked out and none is freed by more than the step", async () => {
    await fc.assert(
      fc.asyncProperty(rule, gaps, steps, offsets, async (only, walk, step, offset) => {
        const keys = freshKeys(1);
        const now = await takeAlong(keys, only, walk, START + offset);
        const [before] = (await on.script.run("peek", keys, [only], now)).limits;
        const [after] = (await on.script.run("peek", keys, [only], now + step)).limits;
        expect(after?.wait).toBeLessThanOrEqual(Math.max(0, (before?.wait ?? NaN) - step));
        expect(after?.wait).toBeGreaterThanOrEqual((before?.wait ?? NaN) - step);
      }),
      { numRuns: 100 },
    );
  });

  test("again and again while requests come, no window of true time admits more, and each wait is exact", async () => {
    const jumps = fc.array(
      fc.record({
        gap: fc.double({ min: 0, max: 0.3, noNaN: true }),
        // Back only: a clock that goes forward by a window forgets what is a window old.
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
          const answer = await on.script.run("take", keys, [only], truth + error);
          if (answer.passed) admitted.push({ at: truth, cost: only.cost });
          const wait = answer.limits[0]?.wait ?? NaN;
          if (wait <= 0) continue;
          expect(wait).toBeLessThanOrEqual(longestWait(only));
          const then = truth + error + wait;
          expect((await on.script.run("peek", keys, [only], then - 1)).passed).toBe(false);
          expect((await on.script.run("peek", keys, [only], then)).passed).toBe(true);
        }
        expect(mostIn(admitted, only.windowMs)).toBeLessThanOrEqual(boundOf(only));
      }),
      { numRuns: 150 },
    );
  });

  test("back and forth over a window's edge, the edge does not empty a fixed window twice", async () => {
    const [key = ""] = freshKeys(1);
    const fixed: ModelLimit = { algorithm: "fixed-window", limit: 2, windowMs: 60_000, cost: 2 };
    const edge = START - (START % 60_000);
    const passes = async (now: number) => (await on.script.run("take", [key], [fixed], now)).passed;
    expect(await passes(edge - 2)).toBe(true);
    expect(await passes(edge)).toBe(true);
    expect(await passes(edge - 1)).toBe(false);
    expect(await passes(edge)).toBe(false);
    expect(await passes(edge + 59_998)).toBe(false);
    expect(await passes(edge + 59_999)).toBe(true);
  });

  test.each(ALGORITHMS)(
    "back, a denial writes the key once, with a new time to live, and then no more (%s)",
    async (algorithm) => {
      const [key = ""] = freshKeys(1);
      const only: ModelLimit = { algorithm, limit: 3, windowMs: 60_000, cost: 1 };
      for (let i = 0; i < 3; i += 1) await on.script.run("take", [key], [only], START + HOUR_MS);
      await on.store.call(["PEXPIRE", key, String(HOUR_MS)]);
      const written = await on.script.contentOf(key);
      expect((await on.script.run("take", [key], [only], START)).passed).toBe(false);
      const anew = await on.script.contentOf(key);
      expect(anew).not.toBe(written);
      const ttl = await on.store.call(["PTTL", key]);
      expect(ttl).toBeGreaterThan(longestWait(only));
      expect(ttl).toBeLessThanOrEqual(longestWait(only) + 1_000);
      await on.store.call(["PEXPIRE", key, String(HOUR_MS)]);
      expect((await on.script.run("take", [key], [only], START + 1)).passed).toBe(false);
      expect(await on.script.contentOf(key)).toBe(anew);
      expect(await on.store.call(["PTTL", key])).toBeGreaterThan(HOUR_MS - 60_000);
    },
  );

  test("back, a shadow rule's state and that of another algorithm are stamped anew as well", async () => {
    const fixed: ScriptLimit = { algorithm: "fixed-window", limit: 9, windowMs: 60_000, cost: 1 };
    const limits = [fixed, { ...fixed, limit: 1, group: 1 }, { ...fixed, limit: 1, group: 2 }];
    const keys = freshKeys(3);
    const [, , third = ""] = keys;
    await on.script.run("take", keys, limits, START + HOUR_MS);
    await on.store.call(["DEL", third]);
    await on.script.run("take", [third], [{ ...fixed, algorithm: "sliding-log" }], START + HOUR_MS);
    const stepped = await on.script.run("take", keys, limits, START);
    expect(stepped.passed).toBe(true);
    expect(stepped.limits.map(({ wait }) => wait)).toEqual([0, 60_000, 60_000]);
    const later = await on.script.run("take", keys, limits, START + 60_000);
    expect(later.limits.map(({ wait }) => wait)).toEqual([0, 0, 0]);
  });

  /** A full key of a limit of 50 a minute, written `aheadMs` ms in the future of the store's clock. */
  async function fillAhead(key: string, algorithm: Algorithm, aheadMs: number): Promise<void> {
    const [seconds] = asText(await on.store.call(["TIME"])) as string[];
    const then = Number(seconds) * 1000 + aheadMs;
    const window = Math.floor(then / 60_000);
    if (algorithm === "token-bucket") await on.store.call(["SET", key, `b ${then} ${50 * 60_000}`]);
    else if (algorithm !== "sliding-log") await on.store.call(["SET", key, `c ${window} 50 0`]);
    else {
      const entries = Array.from({ length: 50 }, (_, i) => [String(then), `${then}:${i}`]);
      await on.store.call(["ZADD", key, ...entries.flat()]);
    }
  }

  test.each(ALGORITHMS.flatMap((algorithm) => [300_000, HOUR_MS].map((ms) => ({ algorithm, ms }))))(
    "a key that is full $ms ms in the future is full for one window (production script, $algorithm)",
    async ({ algorithm, ms }) => {
      const [key = ""] = freshKeys(1);
      await fillAhead(key, algorithm, ms);
      const args = ["take", algorithm, "50", "60000", "1", "0"];
      const answer = await on.store.call(["EVAL", LIMIT_SCRIPT.lua, "1", key, ...args]);
      const [, passed, remaining, wait] = answer as number[];
      expect([passed, remaining]).toEqual([0, 0]);
      expect(wait).toBeGreaterThan(0);
      expect(wait).toBeLessThanOrEqual(longestWait({ algorithm, windowMs: 60_000 }));
      const ttl = await on.store.call(["PTTL", key]);
      expect(ttl).toBeGreaterThanOrEqual(wait ?? NaN);
    },
  );

  test("back, a log's key lives as long as its last entry counts, also where a request is admitted", async () => {
    const [key = ""] = freshKeys(1);
    const [seconds] = asText(await on.store.call(["TIME"])) as string[];
    const then = String(Number(seconds) * 1000 + HOUR_MS);
    await on.store.call(["ZADD", key, then, `${then}:0`, then, `${then}:1`]);
    const args = ["take", "sliding-log", "50", "60000", "1", "0"];
    const answer = await on.store.call(["EVAL", LIMIT_SCRIPT.lua, "1", key, ...args]);
    const [now = NaN, passed, remaining] = answer as number[];
    expect([passed, remaining]).toEqual([1, 47]);
    const [, last] = asText(
      await on.store.call(["ZRANGE", key, "-1", "-1", "WITHSCORES"]),
    ) as string[];
    expect(Number(last)).toBe(now);
    expect(await on.store.call(["PTTL", key])).toBeGreaterThan(60_000);
  });
});
