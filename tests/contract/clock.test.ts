import { describe, expect, test } from "vitest";
import { LIMIT_SCRIPT } from "#lib/limit/stores/redis";
import type { Algorithm } from "#lib/policy/types";
import { ALGORITHMS, freshKeys, START } from "../support/limit-walks.ts";
import type { ModelLimit } from "../support/model.ts";
import { pack, unpack } from "../support/packed-log.ts";
import { scriptOn } from "../support/script-on.ts";
import { asText, STORES_AND_CLUSTER } from "../support/stores.ts";

const HOUR_MS = 3_600_000;

/** The longest time that a client may have to wait, in milliseconds. */
function longestWait({ algorithm, windowMs }: Pick<ModelLimit, "algorithm" | "windowMs">): number {
  return algorithm === "sliding-window" ? 2 * windowMs : windowMs;
}

describe.each(STORES_AND_CLUSTER)("when the clock of $name steps", (kind) => {
  const on = scriptOn(kind);

  test.each(ALGORITHMS)(
    "when the clock steps back, a denial writes the key once, with a new time to live, and no more (%s)",
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

  /**
   * Makes a full key of a limit of 50 a minute, written `aheadMs` ms in the future of the store's
   * clock.
   */
  async function fillAhead(key: string, algorithm: Algorithm, aheadMs: number): Promise<void> {
    const [seconds] = asText(await on.store.call(["TIME"])) as string[];
    const then = Number(seconds) * 1000 + aheadMs;
    const window = Math.floor(then / 60_000);
    if (algorithm === "token-bucket") await on.store.call(["SET", key, `b ${then} ${50 * 60_000}`]);
    else if (algorithm !== "sliding-log") await on.store.call(["SET", key, `c${window} 50`]);
    else await on.store.call(["SET", key, pack(Array<number>(50).fill(then))]);
  }

  test.each(ALGORITHMS.flatMap((algorithm) => [300_000, HOUR_MS].map((ms) => ({ algorithm, ms }))))(
    "a key that is full $ms ms in the future is full for one window (production script, $algorithm)",
    async ({ algorithm, ms }) => {
      const [key = ""] = freshKeys(1);
      await fillAhead(key, algorithm, ms);
      const args = ["take", "50", "60000", "1", algorithm, "0"];
      const answer = await on.store.call(["EVAL", LIMIT_SCRIPT.lua, "1", key, ...args]);
      const [, passed, remaining, wait] = answer as number[];
      expect([passed, remaining]).toEqual([0, 0]);
      expect(wait).toBeGreaterThan(0);
      expect(wait).toBeLessThanOrEqual(longestWait({ algorithm, windowMs: 60_000 }));
      const ttl = await on.store.call(["PTTL", key]);
      expect(ttl).toBeGreaterThanOrEqual(wait ?? NaN);
    },
  );

  test("when the clock steps back, a log's key lives until its last entry expires, also when a request is allowed", async () => {
    const [key = ""] = freshKeys(1);
    const [seconds] = asText(await on.store.call(["TIME"])) as string[];
    const then = Number(seconds) * 1000 + HOUR_MS;
    await on.store.call(["SET", key, pack([then, then])]);
    const args = ["take", "50", "60000", "1", "sliding-log", "0"];
    const answer = await on.store.call(["EVAL", LIMIT_SCRIPT.lua, "1", key, ...args]);
    const [now = NaN, passed, remaining] = answer as number[];
    expect([passed, remaining]).toEqual([1, 47]);
    expect(unpack(asText(await on.store.call(["GET", key])) as string)).toEqual([now, now, now]);
    expect(await on.store.call(["PTTL", key])).toBeGreaterThan(60_000);
  });
});
