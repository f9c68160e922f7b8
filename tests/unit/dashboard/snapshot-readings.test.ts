import { expect, test } from "vitest";
import { NOON, snapshotStore } from "../../support/snapshots.ts";

const redis = snapshotStore();

test("the store is read once a second for any number of pages", async () => {
  const snapshots = redis.snapshots();
  for (let page = 0; page < 20; page += 1) await snapshots.take(false);
  expect(redis.readings()).toBe(1);
  redis.now += 999;
  for (let page = 0; page < 20; page += 1) await snapshots.take(false);
  expect(redis.readings()).toBe(2);
});

test("a snapshot is made once a second for any number of pages, each with its own time", async () => {
  const snapshots = redis.snapshots();
  const first = await snapshots.take(false);
  redis.now += 700;
  const other = await snapshots.take(false);
  expect(other.rules).toBe(first.rules);
  expect([other.sentAt, other.readAt]).toEqual([first.sentAt + 700, first.readAt]);
  redis.now += 300;
  expect((await snapshots.take(true)).rules).not.toBe(first.rules);
});

test("a reading is five commands, in two calls", async () => {
  const snapshots = redis.snapshots();
  await snapshots.take(false);
  redis.calls = [];
  redis.now += 1_000;
  await snapshots.take(false);
  const [running, before] = [NOON, NOON - 3_600_000];
  expect(redis.calls).toEqual([
    `HGETALL totals,GET version,ZREVRANGE denied:${running},ZREVRANGE denied:${before}`,
    `HGETALL minutes:${running}`,
  ]);
});

test("past hours that take long are read in several calls that end before a deadline", async () => {
  redis.hourMs = 60;
  const snapshots = redis.snapshots();
  const hours = () => redis.calls.map((call) => call.match(/minutes:/g)?.length ?? 0);
  await snapshots.take(false);
  expect(hours().filter(Boolean)).toEqual([1, 1, 2]);
  for (let second = 0; second < 12; second += 1) {
    redis.now += 900;
    await snapshots.take(false);
  }
  expect(Math.max(...hours())).toBeLessThanOrEqual(4);
  expect(new Set(redis.calls.join().match(/minutes:\d+/g)).size).toBe(25);
});

test("a store that only fails for past hours is not down, and they are read again after 5 s", async () => {
  const snapshots = redis.snapshots();
  const isPast = (call: string) => call === `HGETALL minutes:${NOON - 3_600_000}`;
  redis.pastFails = true;
  for (let second = 0; second < 5; second += 1) {
    expect((await snapshots.take(false)).store.state).toBe("ok");
    redis.now += 1_000;
  }
  expect(redis.calls.filter(isPast)).toHaveLength(1);
  await snapshots.take(false);
  expect(redis.calls.filter(isPast)).toHaveLength(2);
});

test("when changes are announced, the store is read after each, and every 5 s without", async () => {
  const snapshots = redis.snapshots();
  await snapshots.take(true);
  for (let second = 1; second <= 4; second += 1) {
    redis.now += 1_000;
    await snapshots.take(true);
  }
  expect(redis.readings()).toBe(1);
  snapshots.changed();
  await snapshots.take(true);
  expect(redis.readings()).toBe(2);
  redis.now += 5_000;
  await snapshots.take(true);
  expect(redis.readings()).toBe(3);
});

test("a reading that is answered after a later one is dropped", async () => {
  const snapshots = redis.snapshots();
  redis.hashes["totals"] = ["store_calls_total ok", 5];
  let answerNow = () => {};
  redis.held = new Promise((resolve) => (answerNow = resolve));
  const early = snapshots.take(false);
  redis.held = undefined;
  for (const second of [1, 2, 3]) {
    redis.now += 1_000;
    redis.hashes["totals"] = ["store_calls_total ok", 10 * second];
    await snapshots.take(false);
  }
  answerNow();
  const { store, readAt } = await early;
  expect([store.callsPerSecond, readAt]).toEqual([10, redis.now]);
});
