import { expect, test } from "vitest";
import { NOON, snapshotStore } from "../../support/snapshots.ts";

const redis = snapshotStore();

test("a snapshot has the rules of the policy as text, in their order", async () => {
  const { rules, isCounted } = await redis.snapshots().take(false);
  expect(isCounted).toBe(false);
  expect(rules.map(({ onStoreFailure }) => onStoreFailure)).toEqual(["allow", "deny", "allow"]);
  expect(rules.map(({ name, enforced, limits }) => [name, enforced, limits])).toEqual([
    ["search", 100, [{ name: "search:ip:minute", amount: "10 per minute", who: "ip" }]],
    ["trial", 0, [{ name: "trial:ip:hour", amount: "5 per hour", who: "ip" }]],
    [
      "tiers",
      100,
      [
        {
          name: "tiers:ip:minute",
          amount: "10 per minute, 2 a request",
          who: "ip",
          tier: "plan free",
        },
        { name: "tiers:ip:day", amount: "2,000 per day, 2 a request", who: "ip", tier: "plan pro" },
      ],
    ],
  ]);
});

test("a reading has the version of what is set, and a snapshot shows a mode that is set", async () => {
  redis.hashes = { version: ["7-1"] };
  const snapshots = redis.snapshots();
  expect((await snapshots.take(false)).store).toMatchObject({ mode: "enforce", isModeSet: false });
  expect(redis.followed).toEqual(["7-1"]);
  redis.now += 1_000;
  redis.setMode = "off";
  expect((await snapshots.take(false)).store).toMatchObject({ mode: "off", isModeSet: true });
});

test("a snapshot adds up the hour, and has names that are not in this policy", async () => {
  redis.hashes = {
    totals: ["decisions_total search allowed", 9, "store_calls_total ok", 9],
    [`minutes:${NOON}`]: ["0 search allowed", 4, "0 search denied", 2, "0 gone allowed", 1],
    [`minutes:${NOON - 3_600_000}`]: ["1 search allowed", 3, "0 search allowed", 100],
    [`denied:${NOON}`]: ["search aa", 2, "trial cc", 1],
    [`denied:${NOON - 3_600_000}`]: ["search bb", 5, "search aa", 1],
  };
  const snapshot = await redis.snapshots().take(false);
  expect(snapshot.isCounted).toBe(true);
  const search = snapshot.rules.find(({ name }) => name === "search");
  // The last 60 minutes do not include minute 0 of the hour before.
  expect(search?.lastHour).toEqual({ allowed: 7, denied: 2, shadowDenied: 0, degraded: 0 });
  expect(snapshot.rules.at(-1)).toMatchObject({ name: "gone", isInPolicy: false, limits: [] });
  expect(snapshot.denied).toEqual([
    {
      rule: "search",
      clients: [
        { key: "bb", denied: 5 },
        { key: "aa", denied: 3 },
      ],
    },
    { rule: "trial", clients: [{ key: "cc", denied: 1 }] },
  ]);
  expect(snapshot.deniedSince).toBe(NOON - 3_600_000);
  expect(snapshot.minutes.map(({ start, rules }) => [start, rules["search"]?.denied])).toEqual([
    [NOON - 60_000, undefined],
    [NOON, 2],
  ]);
  expect(snapshot.store).toMatchObject({ state: "ok", roundTripMs: 1.23, memoryBytes: 1000 });
  expect(snapshot.tools.locks.held).toBeUndefined();
});

test("values that are not counts are read as 0", async () => {
  redis.hashes = {
    totals: ["store_calls_total failed", "inf", "store_calls_total ok", "nan"],
    [`minutes:${NOON}`]: ["0 search allowed", "1e309", "0 search denied", 2, "0 (store) ok", "inf"],
    [`denied:${NOON}`]: ["search aa", "inf", "__proto__ bb", 2],
  };
  const snapshots = redis.snapshots();
  await snapshots.take(false);
  redis.now += 2_000;
  const snapshot = await snapshots.take(false);
  expect(snapshot.store).toMatchObject({ callsPerSecond: 0, failedPerSecond: 0 });
  expect(snapshot.rules[0]?.lastHour).toMatchObject({ allowed: 0, denied: 2 });
  expect(snapshot.denied).toContainEqual({
    rule: "__proto__",
    clients: [{ key: "bb", denied: 2 }],
  });
  expect(snapshot.denied).toContainEqual({ rule: "search", clients: [{ key: "aa", denied: 0 }] });
  expect(snapshot.minutes[1]?.store).toMatchObject({ calls: 0, failed: 0 });
});

test("a rate falls while nothing is announced", async () => {
  const snapshots = redis.snapshots();
  redis.hashes["totals"] = ["decisions_total search allowed", 0];
  await snapshots.take(true);
  redis.hashes["totals"] = ["decisions_total search allowed", 40];
  redis.now += 4_000;
  snapshots.changed();
  const rate = async () => (await snapshots.take(true)).rules[0]?.perSecond?.allowed;
  expect(await rate()).toBe(10);
  redis.now += 4_000;
  expect(await rate()).toBe(5);
});

test("the history is made once a minute, and again when an hour was read", async () => {
  const snapshots = redis.snapshots();
  await snapshots.take(false);
  const past = snapshots.historyJson();
  redis.now += 1_000;
  await snapshots.take(false);
  expect(snapshots.historyJson()).toBe(past);
  redis.now += 60_000;
  await snapshots.take(false);
  expect(snapshots.historyJson()).not.toBe(past);
});
