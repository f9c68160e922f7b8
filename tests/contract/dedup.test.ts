import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDedup } from "#lib/dedup/dedup";
import { createPseudonym } from "#lib/identity/pseudonym";
import { createRedis } from "#lib/redis/client";
import { keyNames } from "#lib/redis/keys";
import { losing } from "../support/losing.ts";
import { serve, type ServedStore } from "../support/served.ts";
import { STORES } from "../support/stores.ts";

describe.each(STORES)("dedup on $name", (kind) => {
  let store: ServedStore;
  let namespaces = 0;

  beforeAll(async () => {
    store = await serve(kind);
  });
  afterAll(() => store?.stop());

  /** Two instances over one store, in a namespace of the test's own. */
  function pair(send: typeof fetch = fetch) {
    namespaces += 1;
    const namespace = `dedup-${namespaces}`;
    const failures: string[] = [];
    const make = () =>
      createDedup({
        redis: createRedis({ ...store, deadlineMs: 10_000, fetch: send }),
        keys: keyNames(namespace),
        pseudonym: createPseudonym("a secret of the tests, long enough"),
        onFailure: (what) => failures.push(what),
      });
    return { one: make(), other: make(), failures, keysNow: () => store.keys(namespace) };
  }

  test("an event counts the first time, on whichever instance", async () => {
    const { one, other } = pair();
    expect(await one.shouldTrackEvent("s-1:profile_view:a-1", 300)).toBe(true);
    expect(await other.shouldTrackEvent("s-1:profile_view:a-1", 300)).toBe(false);
    expect(await other.shouldTrackEvent("s-2:profile_view:a-1", 300)).toBe(true);
  });

  test("one of fifty that come at once counts", async () => {
    const { one, other } = pair();
    const sent = Array.from({ length: 50 }, (_, i) =>
      (i % 2 ? one : other).shouldTrackEvent("e", 9),
    );
    expect((await Promise.all(sent)).filter(Boolean)).toHaveLength(1);
  });

  test("it counts again after its time; the key says nothing and ends", async () => {
    const { one, keysNow } = pair();
    expect(await one.shouldTrackEvent("ada@example.org", 1)).toBe(true);
    const [key = ""] = await keysNow();
    expect(key).toMatch(/^dedup-\d+:analytics:[\w-]{22}$/);
    expect(await store.pttl(key)).toBeGreaterThan(0);
    await expect.poll(() => one.shouldTrackEvent("ada@example.org", 1)).toBe(true);
  });

  test("a claim that is given up counts again, and only its own", async () => {
    const { one, other } = pair();
    const first = await one.claimEvent("e", 300);
    const second = await other.claimEvent("e", 300);
    expect([first.isFirst, second.isFirst]).toEqual([true, false]);
    await second.giveUp();
    expect(await one.shouldTrackEvent("e", 300)).toBe(false);
    await first.giveUp();
    expect(await other.shouldTrackEvent("e", 300)).toBe(true);
    await first.giveUp();
    expect(await other.shouldTrackEvent("e", 300)).toBe(false);
  });

  test("an event whose claim's answer is lost counts once all the same", async () => {
    await pair().one.shouldTrackEvent("warm", 1);
    const { one, other, failures } = pair(losing((call) => call <= 2));
    expect(await one.shouldTrackEvent("e", 300)).toBe(true);
    expect(await other.shouldTrackEvent("e", 300)).toBe(false);
    expect(await one.shouldTrackEvent("e", 300)).toBe(false);
    expect(failures).toEqual([]);
  });

  test("a store that is gone loses no event, and throws nothing", async () => {
    const { one, failures } = pair(() => Promise.reject(new TypeError("fetch failed")));
    const claim = await one.claimEvent("e", 300);
    expect([claim.isFirst, claim.isCertain]).toEqual([true, false]);
    await claim.giveUp();
    expect(failures).toEqual(["claiming an event", "giving up an event"]);
  });

  test("a store that is gone counts no event twice where that is asked for", async () => {
    const { one } = pair(() => Promise.reject(new TypeError("fetch failed")));
    const claim = await one.claimEvent("e", 300, { onStoreFailure: "closed" });
    expect([claim.isFirst, claim.isCertain]).toEqual([false, false]);
  });

  test.each([0, 0.5, -1, NaN, 2_678_401])("%s seconds are refused", async (ttl) => {
    const refused = { code: "DEDUP_BAD_ARGUMENT" };
    await expect(pair().one.shouldTrackEvent("e", ttl)).rejects.toMatchObject(refused);
  });
});
