import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Claim } from "#lib/dedup/dedup";
import { losingResponses } from "../support/lost-responses.ts";
import { serve, type ServedStore } from "../support/served.ts";
import { STORES_AND_CLUSTER } from "../support/stores.ts";
import { makeTools } from "../support/tools.ts";

const nowhere = () => Promise.reject(new TypeError("fetch failed"));

describe.each(STORES_AND_CLUSTER)("dedup on $name", (kind) => {
  let store: ServedStore;

  beforeAll(async () => {
    store = await serve(kind);
  });
  afterAll(() => store?.stop());

  /** Two instances over one store, in a separate namespace. */
  function pair(send: typeof fetch = fetch) {
    const { again, dedup, ...rest } = makeTools(store, send);
    const nameOf = (key: string) => rest.keys.event(rest.keyedHash("event", key));
    return { ...rest, nameOf, one: dedup, other: again().dedup };
  }

  const LEASED = { lease: "30 seconds", window: "5 minutes" } as const;

  function tokenOf(claim: Claim) {
    if (claim.state !== "first") throw new Error(`The claim is ${claim.state}.`);
    return claim.token;
  }

  describe("shouldTrackEvent", () => {
    test("an event counts the first time, on any instance", async () => {
      const { one, other } = pair();
      expect(await one.shouldTrackEvent("s-1:profile_view:a-1", 300)).toBe(true);
      expect(await other.shouldTrackEvent("s-1:profile_view:a-1", 300)).toBe(false);
      expect(await other.shouldTrackEvent("s-2:profile_view:a-1", 300)).toBe(true);
    });

    test("one of fifty concurrent events counts", async () => {
      const { one, other } = pair();
      const sent = Array.from({ length: 50 }, (_, i) =>
        (i % 2 ? one : other).shouldTrackEvent("e", 9),
      );
      expect((await Promise.all(sent)).filter(Boolean)).toHaveLength(1);
    });

    test("an event counts again after its TTL; its key reveals nothing and expires", async () => {
      const { one, nameOf } = pair();
      expect(await one.shouldTrackEvent("ada@example.org", 1)).toBe(true);
      const key = nameOf("ada@example.org");
      expect(key).toMatch(/^[\w-]+:analytics:[\w-]{22}$/);
      expect(await store.pttl(key)).toBeGreaterThan(0);
      await expect.poll(() => one.shouldTrackEvent("ada@example.org", 1)).toBe(true);
    });

    test("an event counts once when its claim's answer is lost", async () => {
      await pair().one.shouldTrackEvent("warm", 1);
      const { one, other, failures } = pair(losingResponses((call) => call <= 2));
      expect(await one.shouldTrackEvent("e", 300)).toBe(true);
      expect(await other.shouldTrackEvent("e", 300)).toBe(false);
      expect(await one.shouldTrackEvent("e", 300)).toBe(false);
      expect(failures).toEqual([]);
    });

    test.each<[unknown]>([[null], [7]])("an event with the key %j is rejected", async (given) => {
      const rejected = { code: "DEDUP_BAD_ARGUMENT" };
      const key = given as string;
      const { one } = pair();
      await expect(one.shouldTrackEvent(key, 300)).rejects.toMatchObject(rejected);
      await expect(one.once(key, { window: "5 minutes" }, async () => "x")).rejects.toMatchObject(
        rejected,
      );
      const many = one.claimMany([key], { lease: 1, window: 300 });
      await expect(many).rejects.toMatchObject(rejected);
    });

    test.each([0, 0.5, -1, NaN, 2_678_401])(
      "an event with a TTL of %s seconds is rejected",
      async (ttl) => {
        const rejected = { code: "DEDUP_BAD_ARGUMENT" };
        await expect(pair().one.shouldTrackEvent("e", ttl)).rejects.toMatchObject(rejected);
      },
    );
  });

  describe("a claim with a lease", () => {
    test("a claim with a lease is first for one caller, in progress for others, and a duplicate with its result once committed", async () => {
      const { one, other } = pair();
      const claim = await one.claim("job", LEASED);
      expect(claim).toMatchObject({ state: "first", isCertain: true });
      const waiting = await other.claim("job", LEASED);
      expect(waiting).toMatchObject({ state: "in-progress", isCertain: true });
      const { retryAfterMs } = waiting as { retryAfterMs: number };
      expect(retryAfterMs).toBeGreaterThan(25_000);
      expect(retryAfterMs).toBeLessThanOrEqual(30_000);

      expect(await one.commit(tokenOf(claim), { id: 7, to: "ada@example.org" })).toBe(true);
      const kept = { state: "duplicate", result: { id: 7, to: "ada@example.org" } };
      expect(await other.claim("job", LEASED)).toEqual(kept);
      expect(await one.claim("job", LEASED)).toEqual(kept);
    });

    test("a claim can be released, only by its owner, and is then first for the next caller", async () => {
      const { one, other } = pair();
      const first = tokenOf(await one.claim("job", LEASED));
      expect(await other.release({ ...first, owner: "somebody-else" })).toBe(false);
      expect(await other.claim("job", LEASED)).toMatchObject({ state: "in-progress" });
      expect(await one.release(first)).toBe(true);
      const second = tokenOf(await other.claim("job", LEASED));
      expect(await one.release(first)).toBe(false);
      expect(await one.commit(first)).toBe(false);
      expect(await other.commit(second)).toBe(true);
    });

    test("a claim can be taken over after its lease, and is then lost to its owner", async () => {
      const { one, other } = pair();
      const short = { lease: 0.2, window: 300 };
      const first = tokenOf(await one.claim("job", short));
      let second: Claim | undefined;
      await expect
        .poll(async () => (second = await other.claim("job", LEASED)).state)
        .toBe("first");
      expect(await one.commit(first, "late")).toBe(false);
      expect(await one.release(first)).toBe(false);
      expect(second && (await other.commit(tokenOf(second), "in time"))).toBe(true);
      expect(await one.claim("job", short)).toEqual({ state: "duplicate", result: "in time" });
    });

    test("a claim whose lease has ended is committed when no other caller has claimed the key", async () => {
      const { one, other } = pair();
      const first = tokenOf(await one.claim("job", { lease: 0.1, window: 300 }));
      await expect.poll(() => store.pttl(first.name)).toBe(-2);
      expect(await one.commit(first, "late")).toBe(true);
      expect(await other.claim("job", LEASED)).toEqual({ state: "duplicate", result: "late" });
    });

    test("a claim can be repeated by its owner, which renews its lease", async () => {
      const { one, other, nameOf } = pair();
      const mine = { ...LEASED, owner: "message 7" };
      expect(await one.claim("job", { ...mine, lease: 1 })).toMatchObject({ state: "first" });
      const again = await other.claim("job", mine);
      expect(again).toMatchObject({ state: "first" });
      expect(await store.pttl(nameOf("job"))).toBeGreaterThan(20_000);
      expect(await one.commit(tokenOf(again))).toBe(true);
      expect(await one.claim("job", mine)).toMatchObject({ state: "duplicate" });
    });

    test.each([
      ["empty text", ""],
      ["null", null],
    ])("a claim with %s as the owner belongs only to that caller", async (_, owner) => {
      const { one, other } = pair();
      const unowned = { ...LEASED, owner: owner as string };
      expect(await one.claim("job", unowned)).toMatchObject({ state: "first" });
      expect(await other.claim("job", unowned)).toMatchObject({ state: "in-progress" });
      expect(await other.claimMany(["job"], unowned)).toMatchObject([{ state: "in-progress" }]);
    });

    test.each(["owner", "payload"])(
      "a claim with a %s that is not text is rejected",
      async (what) => {
        const { one } = pair();
        const wrong = one.claim("job", { ...LEASED, [what]: ["7"] as unknown as string });
        await expect(wrong).rejects.toMatchObject({ code: "DEDUP_BAD_ARGUMENT" });
      },
    );

    test("a claim is committed once, however often commit is called, and cannot be released after that", async () => {
      const { one } = pair();
      const token = tokenOf(await one.claim("job", LEASED));
      expect(await one.commit(token, 1)).toBe(true);
      expect(await one.commit(token, 2)).toBe(true);
      expect(await one.release(token)).toBe(false);
      expect(await one.claim("job", LEASED)).toEqual({ state: "duplicate", result: 1 });
    });

    test("a commit with a result or an effect requires a claim with a lease", async () => {
      const { one } = pair();
      const [claim] = await one.claimMany(["mail"], { window: 300 });
      const token = tokenOf(claim ?? (await one.claim("none", LEASED)));
      const rejected = { code: "DEDUP_BAD_ARGUMENT" };
      const counters = [{ key: token.name, field: "f", keep: 1 }];
      await expect(one.commit(token, "sent")).rejects.toMatchObject(rejected);
      await expect(one.commit(token, undefined, { counters })).rejects.toMatchObject(rejected);
      expect(await one.commit(token)).toBe(true);
    });

    test("another process can commit a claim with its token as JSON", async () => {
      const { one, other } = pair();
      const token = tokenOf(await one.claim("job", LEASED));
      const given = JSON.parse(JSON.stringify(token)) as typeof token;
      expect(await other.commit(given, "there")).toBe(true);
      expect(await one.claim("job", LEASED)).toEqual({ state: "duplicate", result: "there" });
    });

    test("a claim survives lost answers to claim, commit and release", async () => {
      await pair().one.claim("warm", LEASED);
      const { one, other, failures } = pair(losingResponses((call) => call % 2 === 1));
      const kept = tokenOf(await one.claim("kept", LEASED));
      expect(await one.commit(kept, "once")).toBe(true);
      expect(await other.claim("kept", LEASED)).toEqual({ state: "duplicate", result: "once" });
      const given = tokenOf(await one.claim("given", LEASED));
      await one.release(given);
      expect(await other.claim("given", LEASED)).toMatchObject({ state: "first" });
      expect(failures).toEqual([]);
    });

    test("a claim of another payload is denied, both in progress and committed", async () => {
      const { one, other } = pair();
      const of = (payload: string) => ({ ...LEASED, payload });
      const token = tokenOf(await one.claim("order", of("two tickets")));
      expect(await other.claim("order", of("three tickets"))).toEqual({ state: "other-payload" });
      expect(await other.claim("order", of("two tickets"))).toMatchObject({ state: "in-progress" });
      await one.commit(token, "sold");
      expect(await other.claim("order", of("three tickets"))).toEqual({ state: "other-payload" });
      const again = await other.claim("order", of("two tickets"));
      expect(again).toEqual({ state: "duplicate", result: "sold" });
    });
  });

  describe("a window", () => {
    test("a fixed window starts when the key is first claimed, not when it is committed", async () => {
      const { one } = pair();
      const token = tokenOf(await one.claim("job", { lease: 60, window: 60 }));
      const key = token.name;
      await expect.poll(() => store.pttl(key)).toBeLessThan(59_900);
      await one.commit(token);
      expect(await store.pttl(key)).toBeLessThan(59_900);
      await one.claim("job", { window: 60 });
      expect(await store.pttl(key)).toBeLessThan(59_900);
    });

    test("a sliding window starts again with each duplicate", async () => {
      const { one, other, nameOf } = pair();
      const window = { sliding: 60, maxAge: 3600 };
      await one.claim("job", { window });
      const key = nameOf("job");
      await expect.poll(() => store.pttl(key)).toBeLessThan(59_900);
      expect(await other.claim("job", { window })).toMatchObject({ state: "duplicate" });
      expect(await store.pttl(key)).toBeGreaterThan(59_900);
    });

    test("a sliding window ends at its maximum age", async () => {
      const { one } = pair();
      const window = { sliding: 0.4, maxAge: 0.8 };
      const began = performance.now();
      await one.claim("job", { window });
      // Each repetition is well within the sliding window.
      await expect
        .poll(async () => (await one.claim("job", { window })).state, { interval: 20 })
        .toBe("first");
      expect(performance.now() - began).toBeGreaterThanOrEqual(790);
    });
  });

  describe("claims of one key with different options", () => {
    const SHORT = { sliding: 0.05, maxAge: 0.05 };

    test("a shorter window does not end a longer one", async () => {
      const { one, other, nameOf } = pair();
      await one.commit(tokenOf(await one.claim("mail", LEASED)), "sent");
      for (let i = 0; i < 2; i += 1) {
        const narrow = await other.claim("mail", { window: SHORT });
        expect(narrow).toEqual({ state: "duplicate", result: "sent" });
      }
      const counters = [{ key: `${nameOf("mail")}:{${nameOf("mail")}}`, field: "f", keep: 60 }];
      expect(await other.count("mail", { window: { sliding: 1, maxAge: 1 }, counters })).toBe(
        false,
      );
      expect(await store.pttl(nameOf("mail"))).toBeGreaterThan(200_000);
    });

    test("a claim keeps its payload when its owner does not repeat it", async () => {
      const { one, other } = pair();
      const mine = { ...LEASED, owner: "m-1" };
      const isKnown = async (key: string) => {
        const same = await other.claim(key, { ...LEASED, payload: "two" });
        const another = await other.claim(key, { ...LEASED, payload: "three" });
        expect([same.state, another.state]).toEqual(["duplicate", "other-payload"]);
      };
      await one.claim("a", { ...mine, payload: "two" });
      expect(await one.claim("a", { window: 300, owner: "m-1" })).toMatchObject({ state: "first" });
      await isKnown("a");
      await one.claim("b", { ...mine, payload: "two" });
      expect(await one.commit(tokenOf(await one.claim("b", mine)))).toBe(true);
      await isKnown("b");
    });

    test("counting with a sliding window does not extend a lease", async () => {
      const { one, other, nameOf } = pair();
      await one.claim("mail", LEASED);
      const counters = [{ key: `${nameOf("mail")}:{${nameOf("mail")}}`, field: "f", keep: 60 }];
      const window = { sliding: "1 hour", maxAge: "1 day" };
      expect(await other.count("mail", { window, counters })).toBe(false);
      expect(await store.pttl(nameOf("mail"))).toBeLessThanOrEqual(30_000);
    });
  });

  describe("many at once", () => {
    test("many claims are made in one call, and answered in the order of their keys", async () => {
      const { one, other } = pair();
      await other.claim("b", LEASED);
      const done = tokenOf(await other.claim("c", LEASED));
      await other.commit(done, "kept");
      const claims = await one.claimMany(["a", "b", "c", "a"], LEASED);
      expect(claims.map(({ state }) => state)).toEqual([
        "first",
        "in-progress",
        "duplicate",
        "in-progress",
      ]);
      expect(claims[2]).toEqual({ state: "duplicate", result: "kept" });
      expect(await one.claimMany([], LEASED)).toEqual([]);
    });

    test("each of a thousand keys is first once, whichever instance claims it", async () => {
      const { one, other } = pair();
      const keys = Array.from({ length: 1000 }, (_, i) => `event ${i}`);
      const both = await Promise.all([one, other].map((it) => it.claimMany(keys, { window: 300 })));
      const firsts = keys.map((_, i) => both.filter((claims) => claims[i]?.state === "first"));
      expect(firsts.filter((claims) => claims.length !== 1)).toEqual([]);
    });

    test("more than a thousand keys are rejected", async () => {
      const keys = Array.from({ length: 1001 }, (_, i) => `${i}`);
      const rejected = { code: "DEDUP_BAD_ARGUMENT" };
      await expect(pair().one.claimMany(keys, { window: 1 })).rejects.toMatchObject(rejected);
    });
  });

  describe("once", () => {
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
  });

  describe("count", () => {
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
      const { one, effect } = counting(nowhere);
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
  });

  describe("an unavailable store", () => {
    test("with an unavailable store no event is lost, and no error is thrown", async () => {
      const { one, failures } = pair(nowhere);
      expect(await one.shouldTrackEvent("e", 300)).toBe(true);
      const claim = await one.claim("e", LEASED);
      expect(claim).toMatchObject({ state: "first", isCertain: false });
      expect(await one.release(tokenOf(claim))).toBe(false);
      await expect(one.commit(tokenOf(claim))).rejects.toMatchObject({ name: "StoreError" });
      expect(failures).toEqual(["dedup-claim", "dedup-claim", "dedup-release"]);
    });

    test("an unavailable store denies events with onStoreFailure closed, so that none counts twice", async () => {
      const { one } = pair(nowhere);
      const claim = await one.claim("e", { ...LEASED, onStoreFailure: "closed" });
      expect(claim).toEqual({ state: "in-progress", retryAfterMs: 1000, isCertain: false });
    });

    test("with an unavailable store work runs uncertain, or does not run", async () => {
      const { one } = pair(nowhere);
      const ran = await one.once("e", { window: 300 }, async () => 1);
      expect(ran).toEqual({ ran: true, value: 1, isCertain: false, isCommitted: false });
      const closed = { window: 300, onStoreFailure: "closed" } as const;
      const left = await one.once("e", closed, async () => 1);
      expect(left).toEqual({ ran: false, reason: "in-progress", retryAfterMs: 1000 });
    });
  });

  test("no key and no value reveals an event or a caller, and each key expires", async () => {
    const { one, nameOf, redis } = pair();
    const secret = "ada@example.org";
    const options = { ...LEASED, owner: secret, payload: secret };
    await one.commit(tokenOf(await one.claim(secret, options)), { to: secret });
    await one.claim(`${secret} again`, options);
    for (const key of [nameOf(secret), nameOf(`${secret} again`)]) {
      expect(`${key} ${await redis.get<string>(key)}`).not.toContain("ada");
      expect(await store.pttl(key)).toBeGreaterThan(0);
    }
  });

  test("a key that an earlier format wrote is a duplicate until it expires", async () => {
    const { one, redis, nameOf } = pair();
    for (const value of ["1", "5f0c0ab0-5f9d-4f6f-9f5e-0a1b2c3d4e5f"]) {
      await redis.set(nameOf(value), value, { ex: 300 });
      expect(await one.claim(value, LEASED)).toEqual({ state: "duplicate", result: undefined });
    }
  });
});
