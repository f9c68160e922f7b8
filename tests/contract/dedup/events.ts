import { expect, test } from "vitest";
import { losingResponses } from "../../support/lost-responses.ts";
import type { EachStore } from "../../support/on-each-store.ts";
import { dedupPairs } from "../../support/pairs.ts";

/** Tests shouldTrackEvent: an event counts once in its TTL. */
export function testEvents(store: EachStore): void {
  const pair = dedupPairs(store);

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
}
