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

  test("changes no key when it denies", async () => {
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
    "a value that no algorithm can read counts as absent, and is replaced (%s)",
    async (algorithm) => {
      const only: ModelLimit = { algorithm, limit: 2, windowMs: 60_000, cost: 1 };
      const huge = "9".repeat(20);
      for (const text of ["z 1 2 3", `c ${huge} 1 1`, `c 9${huge.slice(8)} 1 1`, `b 1 ${huge}`]) {
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

  test("the sliding-window's own script does what the limit script does, or nothing", async () => {
    const windowRules = fc.array(ruleWith(fc.constant("sliding-window")), {
      minLength: 1,
      maxLength: 3,
    });
    const steps = fc.array(fc.oneof(fc.nat(3000), fc.nat(90_000), fc.constant(-40_000)), {
      minLength: 5,
      maxLength: 40,
    });
    let decided = 0;
    await fc.assert(
      fc.asyncProperty(windowRules, steps, offsets, async (limits, gaps, offset) => {
        const [ours, theirs] = [freshKeys(limits.length), freshKeys(limits.length)];
        let now = START + offset;
        for (const [i, gap] of gaps.entries()) {
          now += gap;
          const mode = i % 3 === 2 ? "report" : "take";
          const before = await Promise.all(ours.map(on.script.contentOf));
          const answer = await on.script.windowScript(ours, limits, now, mode);
          const expected = await on.script.limitScript(mode, theirs, limits, now);
          decided += answer === 0 ? 0 : 1;
          const handed = answer === 0 ? await Promise.all(ours.map(on.script.contentOf)) : before;
          expect(handed).toEqual(before);
          const settled =
            answer === 0 ? await on.script.limitScript(mode, ours, limits, now) : answer;
          expect(settled).toEqual(expected);
          expect(await Promise.all(ours.map(on.script.contentOf))).toEqual(
            await Promise.all(theirs.map(on.script.contentOf)),
          );
        }
      }),
      { numRuns: 100 },
    );
    expect(decided).toBeGreaterThan(500);
  });

  test.each([
    "a list",
    "another algorithm's",
    "c 1 2",
    "c 99999999999 1 1",
    "c 1 9007199254740993 1",
  ])("the sliding-window's own script hands over a key that holds %s", async (content) => {
    const [key = ""] = freshKeys(1);
    const isList = content === "a list";
    await on.store.call(isList ? ["RPUSH", key, "x"] : ["SET", key, content]);
    const limits = [{ algorithm: "sliding-window", limit: 5, windowMs: 60_000, cost: 1 }] as const;
    expect(await on.script.windowScript([key], limits, START)).toBe(0);
    expect((await on.script.run("take", [key], limits, START)).passed).toBe(true);
  });

  test("gives every key a time to live, and one that is written again as well", async () => {
    const keys = freshKeys(ALGORITHMS.length);
    const args = ALGORITHMS.flatMap((algorithm) => [algorithm, "5", "60000", "2", "0"]);
    const more = [String(keys.length), ...keys, "take", ...args];
    for (let i = 0; i < 2; i += 1) await on.store.call(["EVAL", LIMIT_SCRIPT.lua, ...more]);
    for (const key of keys) {
      const ttl = await on.store.call(["PTTL", key]);
      expect(ttl).toBeGreaterThan(60_000 - 1_000);
      expect(ttl).toBeLessThanOrEqual(121_000);
    }
  });

  test.each(ALGORITHMS)("gives a key a time to live that is restored (%s)", async (algorithm) => {
    const [key = ""] = freshKeys(1);
    const only: ModelLimit = { algorithm, limit: 5, windowMs: 60_000, cost: 1 };
    await on.script.restore(key, only, [{ at: START - 9, units: 2 }], START);
    expect(await on.store.call(["PTTL", key])).toBeGreaterThan(60_000 - 1_000);
  });
});

test("the production script takes its time from Redis, and differs from the tested one in nothing else", () => {
  expect(LIMIT_SCRIPT.lua).toContain("redis.call('TIME')");
  expect(LIMIT_SCRIPT.lua.replace(REDIS_CLOCK, CLOCK_FROM_ARGV)).toBe(limitLua(CLOCK_FROM_ARGV));
});
