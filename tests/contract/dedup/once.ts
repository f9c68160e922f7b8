import { expect, test } from "vitest";
import type { EachStore } from "../../support/on-each-store.ts";
import { dedupPairs } from "../../support/pairs.ts";
import { LEASED, tokenOf } from "./leased.ts";

/** Tests that once runs work once. */
export function testOnce(store: EachStore): void {
  const pair = dedupPairs(store);

  test("once runs work once, and returns its result to later callers", async () => {
    const { one, other } = pair();
    const options = { window: 300, keepResult: true };
    const first = await one.once("mail", options, async () => ({ sent: "m-1" }));
    const value = { sent: "m-1" };
    expect(first).toEqual({ ran: true, value, isCertain: true, isCommitted: true });
    const second = await other.once("mail", options, () => Promise.reject(new Error("again")));
    expect(second).toEqual({ ran: false, reason: "duplicate", value });
  });

  test("once reports work in progress, and runs nothing", async () => {
    const { one, other } = pair();
    const inner = await one.once("mail", { window: 300 }, () =>
      other.once("mail", { window: 300 }, async () => "second"),
    );
    expect(inner).toMatchObject({ ran: true, value: { ran: false, reason: "in-progress" } });
  });

  test("once releases the claim when the work throws, so that the next caller may run it", async () => {
    const { one, other } = pair();
    const fails = () => Promise.reject(new Error("no mail today"));
    await expect(one.once("mail", { window: 300 }, fails)).rejects.toThrow("no mail today");
    const next = await other.once("mail", { window: 300 }, async () => "sent");
    expect(next).toMatchObject({ ran: true, value: "sent", isCommitted: true });
  });

  test("once reports work that exceeded maxHold and that another instance ran", async () => {
    const { one, other } = pair();
    const slow = await one.once("mail", { lease: 0.1, maxHold: 0.1, window: 300 }, async () => {
      await expect
        .poll(async () => (await other.once("mail", { window: 300 }, async () => 1)).ran)
        .toBe(true);
      return 2;
    });
    expect(slow).toEqual({ ran: true, value: 2, isCertain: true, isCommitted: false });
  });

  test("once commits work whose result cannot be stored, and reports that", async () => {
    const { one, other, failures } = pair();
    const options = { window: 300, keepResult: true };
    const large = "x".repeat(1024 * 1024);
    expect(await one.once("large", options, async () => large)).toMatchObject({
      isCommitted: true,
    });
    expect(await one.once("big", options, async () => 1n)).toMatchObject({ isCommitted: true });
    expect(failures).toEqual(["dedup-commit", "dedup-commit"]);
    const second = await other.once("large", options, async () => "again");
    expect(second).toEqual({ ran: false, reason: "duplicate", value: undefined });
  });

  test("once stores the largest allowed result, and reports a larger one", async () => {
    const { one, other, failures } = pair();
    const options = { window: 300, keepResult: true };
    // Each character has three bytes, and JSON adds two quotes.
    const value = "\u20ac".repeat((720 * 1024) / 3 - 1);
    await one.once("most", options, async () => value);
    const again = await other.once("most", options, async () => "again");
    expect(again).toEqual({ ran: false, reason: "duplicate", value });
    expect(failures).toEqual([]);
    const claim = await one.claim("more", LEASED);
    await expect(one.commit(tokenOf(claim), `${value}\u20ac`)).rejects.toThrow(
      "the result must be at most 737280 bytes of JSON; it is 737282 bytes.",
    );
  });

  test("once commits work whose result the store rejects, and reports that", async () => {
    const refusing: typeof fetch = async (url, init) =>
      typeof init?.body === "string" && init.body.length > 20_000
        ? Response.json({ error: "ERR max request size exceeded" }, { status: 400 })
        : fetch(url, init);
    const { one, other, failures } = pair(refusing);
    const options = { window: 300, keepResult: true };
    const done = await one.once("mail", options, async () => "x".repeat(20_000));
    expect(done).toMatchObject({ ran: true, isCommitted: true });
    expect(failures).toEqual(["dedup-commit"]);
    const second = await other.once("mail", options, async () => "again");
    expect(second).toEqual({ ran: false, reason: "duplicate", value: undefined });
  });

  test("once applies an effect on keys of its group, on a cluster too", async () => {
    const { one, other, redis, keys } = pair();
    const sold = keys.grouped("sales", "sold", "today");
    const options = {
      window: 300,
      group: "sales",
      effect: (by: number) => ({ counters: [{ key: sold, field: "tickets", by, keep: 300 }] }),
    };
    const taken = await one.once("sale", options, async () => 3);
    expect(taken).toMatchObject({ ran: true, isCommitted: true });
    expect(await other.once("sale", options, async () => 3)).toMatchObject({ ran: false });
    expect(await redis.hgetall(sold)).toEqual({ tickets: 3 });
    const many = await other.claimMany(["sale", "another"], { window: 300, group: "sales" });
    expect(many.map(({ state }) => state)).toEqual(["duplicate", "first"]);
    expect(await other.claim("sale", { window: 300 })).toMatchObject({ state: "first" });
  });

  test("once applies an effect with the commit, or not at all", async () => {
    const { one, other, redis, nameOf } = pair();
    const key = nameOf("sale");
    // The key lies in the claim's slot, so that a cluster has it too.
    const sales = `${key}:{${key}}`;
    const options = {
      lease: 0.1,
      maxHold: 0.1,
      window: 300,
      effect: (tickets: number) => ({
        counters: [{ key: sales, field: "tickets", by: tickets, keep: 300 }],
      }),
    };
    const taken = await one.once("sale", options, async () => {
      await expect.poll(async () => (await other.claim("sale", LEASED)).state).toBe("first");
      return 3;
    });
    expect(taken).toMatchObject({ ran: true, isCommitted: false });
    expect(await redis.hget(sales, "tickets")).toBeNull();
  });
}
