import { describe, expect, test } from "vitest";
import { createCounters, KEPT_SECONDS } from "#app/_domain/analytics/counters";
import { streamKey } from "#app/_domain/analytics/events";
import { DEDUP_SECONDS, event, track } from "#app/_domain/analytics/track";
import { createDedup } from "#lib/dedup/dedup";
import { liveStore } from "../../support/live-store.ts";
import { losingResponses } from "../../support/lost-responses.ts";
import { makeTools } from "../../support/tools.ts";

const VIEW = { type: "profile_view", artistId: "artist-1", sessionId: "test-123" };

const live = liveStore();

describe("track", () => {
  test("an event counts the first time and is a duplicate on any instance after that", async () => {
    const one = makeTools(live.store);
    const other = one.again();
    expect(await track(one, VIEW)).toStrictEqual({ tracked: true });
    expect(await track(other, VIEW)).toStrictEqual({ tracked: false, reason: "duplicate" });
    expect(await createCounters(other).today("artist-1")).toStrictEqual({ profile_view: 1 });
  });

  test("an event of another session, type or artist is another event", async () => {
    const tools = makeTools(live.store);
    for (const other of [
      VIEW,
      { ...VIEW, sessionId: "test-124" },
      { ...VIEW, type: "click" },
      { ...VIEW, artistId: "artist-2" },
      { ...VIEW, sessionId: "a:b", type: "c", artistId: "d" },
      { ...VIEW, sessionId: "a", type: "c", artistId: "b:d" },
    ]) {
      expect(await track(tools, other)).toStrictEqual({ tracked: true });
    }
    expect(await createCounters(tools).today("artist-1")).toStrictEqual({
      profile_view: 2,
      click: 1,
    });
  });

  test("an event that is sent fifty times at once counts once", async () => {
    const one = makeTools(live.store);
    const other = one.again();
    const sent = Array.from({ length: 50 }, (_, i) => track(i % 2 ? one : other, VIEW));
    const counted = (await Promise.all(sent)).filter((it) => it.tracked);
    expect(counted).toHaveLength(1);
    expect(await createCounters(one).today("artist-1")).toStrictEqual({ profile_view: 1 });
  });

  test("an event that could not be counted leaves no trace, may be sent again, and counts", async () => {
    const tools = makeTools(live.store);
    await live.direct.set(streamKey(tools), "no stream");
    await expect(track(tools, VIEW)).rejects.toMatchObject({ reply: "WRONGTYPE" });
    expect(await createCounters(tools).today("artist-1")).toStrictEqual({});
    await live.direct.del(streamKey(tools));
    expect(await track(tools, VIEW)).toStrictEqual({ tracked: true });
    expect(await live.direct.xlen(streamKey(tools))).toBe(1);
  });

  test("an event counts once when its answer is lost and any instance sends it again", async () => {
    await track(makeTools(live.store), VIEW);
    const tools = makeTools(
      live.store,
      losingResponses(() => true),
    );
    const again = makeTools(live.store);
    await expect(track(tools, VIEW)).rejects.toMatchObject({ code: "STORE_UNREACHABLE" });
    const parts = {
      ...tools,
      dedup: createDedup({ ...tools, redis: again.redis, emit() {} }),
    };
    expect(await track(parts, VIEW)).toStrictEqual({ tracked: false, reason: "duplicate" });
    expect(await live.direct.xlen(streamKey(tools))).toBe(1);
  });

  test("track leaves keys that expire and contain no session or artist", async () => {
    const tools = makeTools(live.store);
    await track(tools, VIEW);
    const keys = await live.direct.keys(`${tools.namespace}:*`);
    const ttls = new Map<string, number>();
    for (const key of keys) {
      expect(key).not.toContain("artist-1");
      expect(key).not.toContain("test-123");
      ttls.set(key.split(":")[1] ?? "", await live.direct.ttl(key));
    }
    expect([...ttls.keys()].toSorted()).toEqual(["analytics", "app"]);
    expect(ttls.get("analytics")).toBeLessThanOrEqual(DEDUP_SECONDS);
    expect(ttls.get("analytics")).toBeGreaterThan(0);
    expect(ttls.get("app")).toBeLessThanOrEqual(KEPT_SECONDS);
    expect(ttls.get("app")).toBeGreaterThan(0);
  });
});

test("counts of one day do not appear in those of another", async () => {
  const tools = makeTools(live.store);
  const today = (day: string) => createCounters(tools, () => Date.parse(day)).today("artist-1");
  await track(tools, VIEW, () => Date.parse("2026-01-09T23:59:59Z"));
  expect(await today("2026-01-10T00:00:00Z")).toStrictEqual({});
  expect(await today("2026-01-09T00:00:00Z")).toStrictEqual({ profile_view: 1 });
});

test.each([
  ["the example of the requirements", { ...VIEW, artistId: "..." }, true],
  ["a UUID", { ...VIEW, artistId: "0b1e6c1e-7d4c-4a55-9b0f-0a1a2b3c4d5e" }, true],
  ["no session", { type: "a", artistId: "b" }, false],
  ["a field too many", { ...VIEW, extra: 1 }, false],
  ["a number", { ...VIEW, artistId: 1 }, false],
  ["an empty id", { ...VIEW, sessionId: "" }, false],
  ["a long id", { ...VIEW, sessionId: "x".repeat(129) }, false],
  ["a line break", { ...VIEW, sessionId: "a\nb" }, false],
  ["a type in capitals", { ...VIEW, type: "View" }, false],
])("an event with %s: %j is accepted: %s", (_, given, isAccepted) => {
  expect(event.safeParse(given).success).toBe(isAccepted);
});
