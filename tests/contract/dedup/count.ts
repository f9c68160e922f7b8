import { expect, test } from "vitest";
import { losingResponses } from "../../support/lost-responses.ts";
import type { EachStore } from "../../support/on-each-store.ts";
import { dedupPairs } from "../../support/pairs.ts";
import { unavailable } from "../../support/unavailable.ts";

/** Tests that count claims a key and counts in one step. */
export function testCount(store: EachStore): void {
  const pair = dedupPairs(store);

  const GROUP = "sales";

  function counting(send?: typeof fetch) {
    const made = pair(send);
    const sold = made.keys.grouped(GROUP, "sold", "today");
    const log = made.keys.grouped(GROUP, "log", "all");
    const effect = {
      window: 300,
      group: GROUP,
      counters: [
        { key: sold, field: "tickets", by: 2, keep: "1 day" },
        { key: sold, field: "orders", keep: "1 day" },
      ],
      stream: { key: log, fields: { tickets: 2 }, maxLength: 1000, keep: "1 day" },
    };
    return {
      ...made,
      sold,
      log,
      effect,
      seen: async () => [await made.redis.hgetall(sold), await made.redis.xlen(log)],
    };
  }

  test("count claims and counts in one step: once, on any instance", async () => {
    const { one, other, effect, seen, sold, log } = counting();
    expect(await one.count("order 1", effect)).toBe(true);
    expect(await other.count("order 1", effect)).toBe(false);
    expect(await other.count("order 2", effect)).toBe(true);
    expect(await seen()).toEqual([{ tickets: 4, orders: 2 }, 2]);
    for (const key of [sold, log]) expect(await store.pttl(key)).toBeGreaterThan(80_000_000);
  });

  test("count counts once when answers are lost", async () => {
    const warm = counting();
    await warm.one.count("warm", warm.effect);
    const { one, effect, seen } = counting(losingResponses((call) => call <= 2));
    expect(await one.count("order 1", effect)).toBe(true);
    expect(await one.count("order 1", effect)).toBe(false);
    expect(await seen()).toEqual([{ tickets: 2, orders: 1 }, 1]);
  });

  test("count counts nothing and claims nothing when a part of its effect fails", async () => {
    const { one, effect, seen, sold, log, redis } = counting();
    await redis.hset(sold, { orders: "not a number" });
    await expect(one.count("order 1", effect)).rejects.toMatchObject({ code: "STORE_REJECTED" });
    expect(await seen()).toEqual([{ orders: "not a number" }, 0]);
    await redis.hdel(sold, "orders");
    await redis.set(log, "not a stream", { ex: 300 });
    await expect(one.count("order 1", effect)).rejects.toMatchObject({ reply: "WRONGTYPE" });
    expect(await redis.hgetall(sold)).toBeNull();
    await redis.del(log);
    expect(await one.count("order 1", effect)).toBe(true);
    expect(await seen()).toEqual([{ tickets: 2, orders: 1 }, 1]);
  });

  test("count undoes its increments when the last part fails", async () => {
    const { one, effect, seen, log, redis } = counting();
    // The stream accepts no entry after the last possible id.
    await redis.xadd(log, "18446744073709551615-18446744073709551615", { last: 1 });
    await expect(one.count("order 1", effect)).rejects.toMatchObject({ code: "STORE_REJECTED" });
    expect(await seen()).toEqual([null, 1]);
    await redis.del(log);
    expect(await one.count("order 1", effect)).toBe(true);
  });

  test("count throws when the store fails, so that the caller sends it again", async () => {
    const { one, effect } = counting(unavailable);
    await expect(one.count("order 1", effect)).rejects.toMatchObject({
      code: "STORE_UNREACHABLE",
    });
  });

  test.each([
    ["nothing to count", {}],
    [
      "a window that may end before it is sent again",
      { window: 0.02, counters: [{ key: "k", field: "f", keep: 1 }] },
    ],
    ["a negative increment", { counters: [{ key: "k", field: "f", by: -1, keep: 1 }] }],
    ["half an increment", { counters: [{ key: "k", field: "f", by: 0.5, keep: 1 }] }],
    ["no fields", { stream: { key: "k", fields: {}, maxLength: 1, keep: 1 } }],
    ["no length", { stream: { key: "k", fields: { a: 1 }, maxLength: 0, keep: 1 } }],
    ["no time", { stream: { key: "k", fields: { a: 1 }, maxLength: 1, keep: "soon" } }],
    [
      "too many counters",
      { counters: Array.from({ length: 11 }, () => ({ key: "k", field: "f", keep: 1 })) },
    ],
  ])("count rejects %s", async (_, effect) => {
    const rejected = { code: "DEDUP_BAD_ARGUMENT" };
    await expect(pair().one.count("e", { window: 1, ...effect })).rejects.toMatchObject(rejected);
  });
}
