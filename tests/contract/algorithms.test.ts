import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { limitLua, REDIS_CLOCK } from "#lib/limit/stores/lua";
import { LIMIT_SCRIPT } from "#lib/limit/stores/redis";
import { CLOCK_FROM_ARGV } from "../support/limit-script.ts";
import { ALGORITHMS, freshKeys, offsets, ruleWith, START } from "../support/limit-walks.ts";
import type { ModelLimit } from "../support/model.ts";
import { scriptOn } from "../support/script-on.ts";
import { STORES_AND_CLUSTER } from "../support/stores.ts";

describe.each(STORES_AND_CLUSTER)("the limit script on $name", (kind) => {
  const on = scriptOn(kind);

  test("a denial changes no key", async () => {
    const limits = [
      ...ALGORITHMS.map((algorithm) => ({ algorithm, limit: 5, windowMs: 60_000, cost: 1 })),
      { algorithm: "fixed-window" as const, limit: 1, windowMs: 60_000, cost: 1 },
    ];
    const keys = freshKeys(limits.length);
    expect((await on.script.run("take", keys, limits, START)).passed).toBe(true);
    const before = await Promise.all(keys.map((key) => on.script.contentOf(key)));
    expect((await on.script.run("take", keys, limits, START + 1)).passed).toBe(false);
    expect(await Promise.all(keys.map((key) => on.script.contentOf(key)))).toEqual(before);
  });

  test.each(ALGORITHMS)(
    "the scripts treat a value that no algorithm can read as absent, and replace it (%s)",
    async (algorithm) => {
      const only: ModelLimit = { algorithm, limit: 2, windowMs: 60_000, cost: 1 };
      const huge = "9".repeat(20);
      for (const text of ["z 1 2 3", `c${huge} 1 1`, `c9${huge.slice(8)} 1 1`, `b 1 ${huge}`]) {
        const [key = ""] = freshKeys(1);
        await on.store.call(["SET", key, text]);
        expect((await on.script.run("peek", [key], [only], START)).passed).toBe(true);
        expect(await on.script.contentOf(key)).toBe(text);
        const answer = await on.script.run("take", [key], [only], START);
        expect(answer.limits[0]?.remaining).toBe(1);
        expect(await on.script.contentOf(key)).not.toBe(text);
      }
    },
  );

  test.each(ALGORITHMS)(
    "the script of %s returns the result of the limit script, or none",
    async (algorithm) => {
      const limitsOfIt = fc.array(ruleWith(fc.constant(algorithm)), { minLength: 1, maxLength: 3 });
      const steps = fc.array(fc.oneof(fc.nat(3000), fc.nat(90_000), fc.constant(-40_000)), {
        minLength: 5,
        maxLength: 40,
      });
      let decided = 0;
      await fc.assert(
        fc.asyncProperty(limitsOfIt, steps, offsets, async (limits, gaps, offset) => {
          const [ours, theirs] = [freshKeys(limits.length), freshKeys(limits.length)];
          let now = START + offset;
          for (const [i, gap] of gaps.entries()) {
            now += gap;
            const mode = (["take", "take", "report", "peek"] as const)[i % 4] ?? "take";
            const answer = await on.script.ownScript(mode, ours, limits, now);
            expect(answer).toEqual(await on.script.limitScript(mode, theirs, limits, now));
            expect(await Promise.all(ours.map(on.script.contentOf))).toEqual(
              await Promise.all(theirs.map(on.script.contentOf)),
            );
            decided += 1;
          }
        }),
        { numRuns: 40 },
      );
      expect(decided).toBeGreaterThan(200);
    },
  );

  test.each(
    ALGORITHMS.flatMap((algorithm) =>
      ["a list", "another algorithm's", "c1", "c1 2 x", "c1 9007199254740993 1", "Lx"].map(
        (content) => ({
          algorithm,
          content,
        }),
      ),
    ),
  )(
    "the script of $algorithm leaves a key that holds $content to the limit script",
    async ({ algorithm, content }) => {
      const [key = ""] = freshKeys(1);
      const isList = content === "a list";
      await on.store.call(isList ? ["RPUSH", key, "x"] : ["SET", key, content]);
      const limits = [{ algorithm, limit: 5, windowMs: 60_000, cost: 1 }] as const;
      expect(await on.script.ownScript("take", [key], limits, START)).toBe(0);
      expect(await on.script.contentOf(key)).toBe(isList ? "a list" : content);
      expect((await on.script.run("take", [key], limits, START)).passed).toBe(true);
    },
  );

  test("every key has a time to live, also after it is written again", async () => {
    const keys = freshKeys(ALGORITHMS.length);
    const args = [
      ...ALGORITHMS.flatMap(() => ["5", "60000", "2"]),
      ...ALGORITHMS.flatMap((algorithm) => [algorithm, "0"]),
    ];
    const more = [String(keys.length), ...keys, "take", ...args];
    for (let i = 0; i < 2; i += 1) await on.store.call(["EVAL", LIMIT_SCRIPT.lua, ...more]);
    for (const key of keys) {
      const ttl = await on.store.call(["PTTL", key]);
      expect(ttl).toBeGreaterThan(60_000 - 1_000);
      expect(ttl).toBeLessThanOrEqual(121_000);
    }
  });

  test.each(ALGORITHMS)("a key that is restored has a time to live (%s)", async (algorithm) => {
    const [key = ""] = freshKeys(1);
    const only: ModelLimit = { algorithm, limit: 5, windowMs: 60_000, cost: 1 };
    await on.script.restore(key, only, [{ at: START - 9, units: 2 }], START);
    expect(await on.store.call(["PTTL", key])).toBeGreaterThan(60_000 - 1_000);
  });
});

test("the production script differs from the tested one only in its clock, which is Redis's", () => {
  expect(LIMIT_SCRIPT.lua).toContain("redis.call('TIME')");
  expect(LIMIT_SCRIPT.lua.replace(REDIS_CLOCK, CLOCK_FROM_ARGV)).toBe(limitLua(CLOCK_FROM_ARGV));
});
