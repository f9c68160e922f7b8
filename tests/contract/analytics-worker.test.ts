import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dayOf, streamKey } from "#app/_domain/analytics/events";
import { createTotals } from "#app/_domain/analytics/totals";
import { track } from "#app/_domain/analytics/track";
import { totalEvents, type WorkerOptions } from "#app/_domain/analytics/worker";
import { StoreError } from "#lib/redis/errors";
import { losingResponses } from "../support/lost-responses.ts";
import { serve, type ServedStore } from "../support/served.ts";
import { STORES_AND_CLUSTER } from "../support/stores.ts";
import { makeTools } from "../support/tools.ts";

const TODAY = dayOf(Date.now());

describe.each(STORES_AND_CLUSTER)("the totals on $name", (kind) => {
  let store: ServedStore;
  let sessions = 0;

  beforeAll(async () => {
    store = await serve(kind);
  });
  afterAll(() => store?.stop());

  function world(send: typeof fetch = fetch) {
    const tools = makeTools(store, send);
    const totals = createTotals(tools);
    const trackOne = async (type: string, at = Date.now()) => {
      sessions += 1;
      const event = { type, artistId: "artist-1", sessionId: `s-${sessions}` };
      return track(tools, event, () => at);
    };
    return {
      ...tools,
      totals,
      events: (count: number, type = "profile_view", at?: number) =>
        Promise.all(Array.from({ length: count }, () => trackOne(type, at))),
      work: (options: Partial<WorkerOptions> = {}) =>
        totalEvents({
          totals,
          watch: false,
          signal: new AbortController().signal,
          abandonedMs: 60_000,
          ...options,
        }),
    };
  }

  test("the totals count each event once, by day and type", async () => {
    const { events, work, totals } = world();
    await events(3);
    await events(2, "click");
    await events(1, "click", Date.parse("2026-01-09T12:00:00Z"));
    expect(await work()).toEqual({ counted: 6, setAside: 0 });
    expect(await totals.ofDay(TODAY)).toEqual({ profile_view: 3, click: 2 });
    expect(await totals.ofDay("2026-01-09")).toEqual({ click: 1 });
    expect(await totals.lengths()).toEqual({ waiting: 0, taken: 0 });
    expect(await work()).toEqual({ counted: 0, setAside: 0 });
    await events(1);
    expect(await work({ batch: 1 })).toEqual({ counted: 1, setAside: 0 });
    expect(await totals.ofDay(TODAY)).toEqual({ profile_view: 4, click: 2 });
  });

  test("without events the totals are empty, and their keys expire", async () => {
    const { work, totals, ...tools } = world();
    expect(await work()).toEqual({ counted: 0, setAside: 0 });
    expect(await totals.ofDay(TODAY)).toEqual({});
    expect(await store.pttl(streamKey(tools))).toBeGreaterThan(0);
  });

  test.each(["true", "null", "false", "constructor"])(
    "the totals count the type %s like other types",
    async (type) => {
      const { work, totals, redis, ...tools } = world();
      const key = streamKey(tools);
      await redis.xadd(key, "*", { day: TODAY, type });
      expect(await work()).toEqual({ counted: 1, setAside: 0 });
      expect(await totals.ofDay(TODAY)).toEqual({ [type]: 1 });
    },
  );

  test("the totals are exact with five concurrent workers and small batches", async () => {
    const { events, work, totals } = world();
    await events(300);
    const worked = await Promise.all(Array.from({ length: 5 }, () => work({ batch: 7 })));
    expect(worked.reduce((sum, { counted }) => sum + counted, 0)).toBe(300);
    expect(await totals.ofDay(TODAY)).toEqual({ profile_view: 300 });
  });

  test("the totals are exact when a worker dies with events that it received: another worker counts them", async () => {
    const { events, work, totals } = world();
    await events(20);
    const dead = { most: 8, abandonedMs: 60_000, cursor: "0-0" };
    expect((await totals.receive("dies", dead)).waiting).toHaveLength(8);
    expect(await work()).toEqual({ counted: 12, setAside: 0 });
    expect(await totals.lengths()).toEqual({ waiting: 8, taken: 8 });
    await expect
      .poll(async () => (await work({ abandonedMs: 50 })).counted, { interval: 10 })
      .toBe(8);
    expect(await totals.ofDay(TODAY)).toEqual({ profile_view: 20 });
  });

  test("the totals are exact when a worker that counted as dead settles after all", async () => {
    const { events, work, totals } = world();
    await events(5);
    const slow = await totals.receive("slow", { most: 5, abandonedMs: 60_000, cursor: "0-0" });
    await expect.poll(async () => (await work({ abandonedMs: 20 })).counted).toBe(5);
    const verdicts = slow.waiting.map(({ id }) => ({ id, day: TODAY, type: "profile_view" }));
    expect(await totals.settle(verdicts)).toEqual({ counted: 0, setAside: 0 });
    expect(await totals.ofDay(TODAY)).toEqual({ profile_view: 5 });
  });

  test("the totals are exact when answers of the store are lost", async () => {
    const whole = world();
    await whole.events(40);
    const { keys, redis } = makeTools(
      store,
      losingResponses((call) => call % 2 === 0),
    );
    const totals = createTotals({ redis, keys: whole.keys });
    expect(keys).toBeDefined();
    // No worker knows the events of a call whose answer was lost.
    await expect
      .poll(async () => {
        await whole.work({ totals, batch: 7, abandonedMs: 1 });
        return whole.totals.ofDay(TODAY);
      })
      .toEqual({ profile_view: 40 });
    expect(await whole.totals.lengths()).toEqual({ waiting: 0, taken: 0 });
  });

  test("the totals include events whose delivery or settlement a worker did not learn of", async () => {
    const { events, work, totals, keys } = world();
    await events(40);
    const lossy = createTotals({
      redis: makeTools(
        store,
        losingResponses((call) => call % 2 === 0),
      ).redis,
      keys,
    });
    let settles = 0;
    const failing: typeof totals = {
      ...lossy,
      async settle(verdicts) {
        settles += 1;
        if (settles === 2) throw new StoreError("STORE_TIMEOUT", "It took too long.");
        return lossy.settle(verdicts);
      },
    };
    await work({ totals: failing, batch: 7 });
    expect(await totals.ofDay(TODAY)).toEqual({ profile_view: 40 });
    expect(await totals.lengths()).toEqual({ waiting: 0, taken: 0 });
  });

  test("an event that was deleted while a worker held it does not stop the totals", async () => {
    const { events, work, totals, redis, ...tools } = world();
    await events(3);
    const given = { most: 2, abandonedMs: 60_000, cursor: "0-0" };
    const taken = await totals.receive("slow", given);
    await redis.xdel(streamKey(tools), taken.waiting.map(({ id }) => id).slice(0, 1));
    expect((await totals.receive("slow", given)).waiting).toEqual(taken.waiting.slice(1));
    expect(await totals.lengths()).toEqual({ waiting: 2, taken: 1 });
    expect(await work()).toEqual({ counted: 1, setAside: 0 });
  });

  test("an event that cannot be read is set aside with the reason, and the totals continue", async () => {
    const { events, work, totals, redis, ...tools } = world();
    const key = streamKey(tools);
    await events(1);
    const bad = [
      { day: "yesterday", type: "click" },
      { day: "2026-02-30", type: "click" },
      { day: TODAY, type: "Not A Type" },
      { day: TODAY },
      { other: "x".repeat(10_000) },
    ];
    for (const fields of bad) await redis.xadd(key, "*", fields);
    await events(1);
    expect(await work({ batch: 2 })).toEqual({ counted: 2, setAside: 5 });
    const aside = (await totals.setAside(10)).map(({ fields }) => fields);
    expect(aside.map(({ reason }) => reason?.split(":")[0])).toEqual([
      "day",
      "type",
      "type",
      "day",
      "day",
    ]);
    expect(aside.at(-1)).toMatchObject({ day: "yesterday", type: "click" });
    expect(await totals.ofDay(TODAY)).toEqual({ profile_view: 2 });
  });

  test("the totals distinguish a thousand types of a day, and count further types as one", async () => {
    const { totals, redis, work, ...tools } = world();
    const key = streamKey(tools);
    for (let i = 0; i < 1003; i += 1) await redis.xadd(key, "*", { day: TODAY, type: `t${i}` });
    expect(await work({ batch: 1000 })).toEqual({ counted: 1003, setAside: 0 });
    const counts = await totals.ofDay(TODAY);
    expect([Object.keys(counts).length, counts["other"]]).toEqual([1001, 3]);
  });

  test("totals whose key holds another type stay as they are, and no event is lost", async () => {
    const { events, work, totals, redis, keys } = world();
    await events(2);
    const key = keys.grouped("events", "totals", TODAY);
    await redis.set(key, "no totals", { ex: 300 });
    await expect(work()).rejects.toMatchObject({ reply: "WRONGTYPE" });
    await redis.del(key);
    await expect.poll(async () => (await work({ abandonedMs: 1 })).counted).toBe(2);
    expect(await totals.ofDay(TODAY)).toEqual({ profile_view: 2 });
  });

  test("a worker that watches continues when a store that rejected calls accepts them again", async () => {
    const { events, work, totals, redis, keys } = world();
    await events(2);
    const key = keys.grouped("events", "totals", TODAY);
    await redis.set(key, "no totals", { ex: 300 });
    const stop = new AbortController();
    const failures: unknown[] = [];
    const working = work({
      watch: true,
      signal: stop.signal,
      onFailure: (error) => failures.push(error),
    });
    await expect.poll(() => failures.length).toBeGreaterThan(0);
    await redis.del(key);
    await expect.poll(() => totals.ofDay(TODAY)).toEqual({ profile_view: 2 });
    stop.abort();
    expect(await working).toEqual({ counted: 2, setAside: 0 });
  });

  test("a worker removes its consumer when it holds no events", async () => {
    const { events, work, totals, redis, ...tools } = world();
    await events(3);
    await totals.receive("dies", { most: 1, abandonedMs: 60_000, cursor: "0-0" });
    await work();
    const pending = { type: "CONSUMERS", group: "totals" } as const;
    const consumers = JSON.stringify(await redis.xinfo(streamKey(tools), pending));
    expect(consumers).toContain('["name","dies","pending",1,"idle"');
    expect(consumers.match(/"name"/g)).toHaveLength(1);
  });

  test("a worker that watches totals events as they arrive, until its signal aborts", async () => {
    const { events, work, totals } = world();
    const stop = new AbortController();
    const working = work({ watch: true, signal: stop.signal });
    for (let round = 1; round <= 3; round += 1) {
      await events(10);
      await expect.poll(() => totals.ofDay(TODAY)).toEqual({ profile_view: round * 10 });
    }
    stop.abort();
    expect(await working).toEqual({ counted: 30, setAside: 0 });
  });
});

test("an unavailable store ends the work with its error, and a worker that watches waits for the store", async () => {
  const totals = createTotals(makeTools({ url: "http://127.0.0.1:1", token: "none" }));
  const failures: unknown[] = [];
  const stop = new AbortController();
  const once = { totals, signal: stop.signal, onFailure: (error: unknown) => failures.push(error) };
  await expect(totalEvents({ ...once, watch: false })).rejects.toMatchObject({
    name: "StoreError",
  });
  const before = failures.length;
  const watching = totalEvents({ ...once, watch: true });
  await expect.poll(() => failures.length).toBeGreaterThan(before + 5);
  stop.abort();
  expect(await watching).toEqual({ counted: 0, setAside: 0 });
});
