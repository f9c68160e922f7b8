import { describe, expect, test } from "vitest";
import type { Claim } from "#lib/dedup/dedup";
import { losingResponses } from "../../support/lost-responses.ts";
import type { EachStore } from "../../support/on-each-store.ts";
import { dedupPairs } from "../../support/pairs.ts";
import { LEASED, tokenOf } from "./leased.ts";

/** Tests claims with a lease, one at a time and many at once. */
export function testClaims(store: EachStore): void {
  const pair = dedupPairs(store);

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
      expect(await other.release({ ...first, owner: "another-owner" })).toBe(false);
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
}
