import { describe, expect, test } from "vitest";
import { PACKED_UP_TO } from "#lib/limit/algorithms/packed-log";
import { MemoryLimits } from "#lib/limit/stores/memory";
import { chargesOf, standOf } from "../support/limit-stores.ts";
import { freshKeys, START } from "../support/limit-walks.ts";
import type { ModelLimit } from "../support/model.ts";
import { pack, unpack } from "../support/packed-log.ts";
import { scriptOn } from "../support/script-on.ts";
import { asText, STORES_AND_CLUSTER } from "../support/stores.ts";

const LOG: ModelLimit = { algorithm: "sliding-log", limit: 10, windowMs: 60_000, cost: 1 };
const LARGE: ModelLimit = { ...LOG, limit: PACKED_UP_TO + 1 };

describe.each(STORES_AND_CLUSTER)("a log on $name", (kind) => {
  const on = scriptOn(kind);
  const take = (key: string, only: ModelLimit, now: number) =>
    on.script.run("take", [key], [only], now);
  const typeOf = async (key: string) => asText(await on.store.call(["TYPE", key]));
  const timesIn = async (key: string) =>
    unpack(asText(await on.store.call(["GET", key])) as string);

  test("a packed log is a text of six characters for each unit, in the order of time, without expired units", async () => {
    const [key = ""] = freshKeys(1);
    await take(key, { ...LOG, cost: 2 }, START);
    await take(key, LOG, START + 10);
    const text = asText(await on.store.call(["GET", key]));
    expect(text).toBe(pack([START, START, START + 10]));
    expect(text).toHaveLength(1 + 6 * 3);
    await take(key, LOG, START + 60_000);
    expect(await timesIn(key)).toEqual([START + 10, START + 60_000]);
  });

  test("a packed log stamps each time in six digits, also when the lower half starts again", async () => {
    const [key = ""] = freshKeys(1);
    const half = 127 ** 3;
    const edge = Math.ceil(START / half) * half;
    const times = [-1, 0, 1, 126, 127, 127 ** 2 - 1, 127 ** 2].map((ms) => edge + ms);
    for (const now of times) await take(key, LOG, now);
    expect(asText(await on.store.call(["GET", key]))).toBe(pack(times));
    const codes = Array.from(pack(times), (char) => char.codePointAt(0) ?? NaN);
    expect(codes.every((code) => code >= 1 && code <= 127)).toBe(true);
  });

  test("a packed log is converted entry by entry when the limit is raised and lowered across the largest packed one", async () => {
    const [key = ""] = freshKeys(1);
    const times = [START, START + 5, START + 5, START + 9_000];
    for (const now of times) await take(key, LOG, now);
    expect(await typeOf(key)).toBe("string");

    const raised = await on.script.run("peek", [key], [LARGE], START + 10_000);
    expect(raised.limits[0]).toEqual({ remaining: LARGE.limit - 4, wait: 0, reset: 50_000 });
    expect(await typeOf(key)).toBe("string");
    await take(key, LARGE, START + 10_000);
    expect(await typeOf(key)).toBe("zset");
    const scores = asText(await on.store.call(["ZRANGE", key, "0", "-1", "WITHSCORES"]));
    expect((scores as string[]).filter((_, i) => i % 2 === 1).map(Number)).toEqual([
      ...times,
      START + 10_000,
    ]);

    const lowered = { ...LOG, limit: 5 };
    const denied = await take(key, lowered, START + 20_000);
    expect(denied).toEqual({
      passed: false,
      limits: [{ remaining: 0, wait: 40_000, reset: 40_000 }],
    });
    expect(await typeOf(key)).toBe("zset");
    expect((await take(key, lowered, START + 60_000)).passed).toBe(true);
    expect(await timesIn(key)).toEqual([...times.slice(1), START + 10_000, START + 60_000]);
  });

  test.each([LOG, LARGE])(
    "a log of the limit $limit holds at most twice the limit and 1,000 units, whatever is adopted, reported or restored",
    async (log) => {
      const most = 2 * log.limit + 1000;
      const huge: ModelLimit = {
        algorithm: "sliding-window",
        limit: 1e9,
        windowMs: 60_000,
        cost: 1e9,
      };
      const sizeOf = async (key: string) =>
        (await typeOf(key)) === "zset"
          ? await on.store.call(["ZCARD", key])
          : (await timesIn(key)).length;
      const [adopted = "", reported = "", restored = ""] = freshKeys(3);
      await take(adopted, huge, START);
      await on.script.run("report", [adopted], [log], START + 1);
      await on.script.run("report", [reported], [{ ...log, cost: 1e9 }], START);
      await on.script.restore(restored, log, [{ at: START - 5, units: 1e9 }], START);
      for (const key of [adopted, reported, restored]) {
        expect(await sizeOf(key)).toBe(most);
        expect((await on.script.run("take", [key], [log], START + 2)).passed).toBe(false);
      }
    },
  );
});

test("a log in memory holds at most twice the limit and 1,000 units", async () => {
  const limits = new MemoryLimits({ clock: () => START });
  const [key = ""] = freshKeys(1);
  const report = (cost: number, limit: number) => {
    const charges = chargesOf([key], [{ ...LOG, cost, limit }]);
    return limits.report(charges);
  };
  await report(1e9, LOG.limit);
  const raised = standOf(await report(1, 10_000), START);
  expect(raised.limits[0]?.remaining).toBe(10_000 - (2 * LOG.limit + 1000) - 1);
});
