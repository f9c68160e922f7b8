import { beforeEach, expect, test } from "vitest";
import { rulesInWords } from "#lib/dashboard/rules";
import { Snapshots } from "#lib/dashboard/snapshots";
import { compilePolicy } from "#lib/policy/check/compile";
import { StoreError } from "#lib/redis/errors";
import { keyNames } from "#lib/redis/keys";
import type { Requester, UpstashRequest } from "#lib/redis/requester";

const NOON = Date.UTC(2026, 10, 29, 12);

const policy = compilePolicy({
  identities: { plan: () => "free" },
  rules: {
    search: { match: "/api/search", limits: { ip: "10 per minute" } },
    trial: {
      match: "/api/trial",
      limits: { ip: "5 per hour" },
      mode: "shadow",
      onStoreFailure: "deny",
    },
    tiers: {
      match: "/api/tiers",
      cost: 2,
      tiers: { plan: { free: { ip: "10 per minute" }, pro: { ip: "2000 per day" } } },
    },
  },
});

let now = 0;
let followed: string[] = [];
let setMode: "off" | undefined;
let hashes: Record<string, readonly (string | number)[]> = {};
let failure: Error | undefined;
let probeError: StoreError | undefined;
let calls: string[] = [];
/** Delays the answer to the next call for the cumulative counters. */
let held: Promise<void> | undefined;
/** True when the hour before cannot be read. */
let pastFails = false;
/** How long each hour takes to read, in milliseconds. */
let hourMs = 0;

beforeEach(() => {
  now = NOON + 30_000;
  hashes = {};
  failure = probeError = held = undefined;
  hourMs = 0;
  calls = [];
  followed = [];
  setMode = undefined;
});

const nameOf = (key: string) => key.replace(/^.*:\{(?:counters|control)\}:/, "");

/** A store that has the hashes above and reports nothing about itself. */
async function answer({ body }: UpstashRequest): Promise<unknown> {
  if (failure) throw failure;
  const commands = body as readonly (readonly string[])[];
  calls.push(commands.map(([name, key = ""]) => `${name} ${nameOf(key)}`).join());
  const answers = answersTo(commands);
  if (pastFails && calls.at(-1)?.includes(`minutes:${NOON - 3_600_000}`)) throw new Error("late");
  now += hourMs * commands.filter(([, key = ""]) => key.includes("minutes:")).length;
  if (commands[0]?.[1]?.endsWith("totals")) await held;
  return answers;
}

function answersTo(commands: readonly (readonly string[])[]) {
  return commands.map(([name, key = ""]) => {
    if (name === "DBSIZE") return { result: 20_000 };
    if (name === "INFO") return { result: "used_memory:1000\r\nmaxmemory:0\r\n" };
    const found = (hashes[nameOf(key)] ?? []).map(String);
    return { result: name === "GET" ? (found[0] ?? null) : found };
  });
}

const requester = { request: answer } as Requester;

function make() {
  return new Snapshots(
    {
      requester,
      keys: keyNames("test"),
      probe: async () => ({ roundTripMs: 1.2345, ...(probeError && { error: probeError }) }),
      namespace: "test",
      mode: "enforce",
      entries: { follow: async (version) => void followed.push(version), mode: () => setMode },
      rules: rulesInWords(policy),
      isCluster: false,
      rateSpanMs: 10_000,
    },
    () => now,
    () => now,
  );
}

/** How often the cumulative counters were read. */
const readings = () => calls.filter((call) => call.includes("HGETALL totals")).length;

test("a snapshot has the rules of the policy as text, in their order", async () => {
  const { rules, isCounted } = await make().take(false);
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
  hashes = { version: ["7-1"] };
  const snapshots = make();
  expect((await snapshots.take(false)).store).toMatchObject({ mode: "enforce", isModeSet: false });
  expect(followed).toEqual(["7-1"]);
  now += 1_000;
  setMode = "off";
  expect((await snapshots.take(false)).store).toMatchObject({ mode: "off", isModeSet: true });
});

test("a snapshot adds up the hour, and has names that are not in this policy", async () => {
  hashes = {
    totals: ["decisions_total search allowed", 9, "store_calls_total ok", 9],
    [`minutes:${NOON}`]: ["0 search allowed", 4, "0 search denied", 2, "0 gone allowed", 1],
    [`minutes:${NOON - 3_600_000}`]: ["1 search allowed", 3, "0 search allowed", 100],
    [`denied:${NOON}`]: ["search aa", 2, "trial cc", 1],
    [`denied:${NOON - 3_600_000}`]: ["search bb", 5, "search aa", 1],
  };
  const snapshot = await make().take(false);
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

test("the store is read once a second for any number of pages", async () => {
  const snapshots = make();
  for (let page = 0; page < 20; page += 1) await snapshots.take(false);
  expect(readings()).toBe(1);
  now += 999;
  for (let page = 0; page < 20; page += 1) await snapshots.take(false);
  expect(readings()).toBe(2);
});

test("a snapshot is made once a second for any number of pages, each with its own time", async () => {
  const snapshots = make();
  const first = await snapshots.take(false);
  now += 700;
  const other = await snapshots.take(false);
  expect(other.rules).toBe(first.rules);
  expect([other.sentAt, other.readAt]).toEqual([first.sentAt + 700, first.readAt]);
  now += 300;
  expect((await snapshots.take(true)).rules).not.toBe(first.rules);
});

test("a reading is five commands, in two calls", async () => {
  const snapshots = make();
  await snapshots.take(false);
  calls = [];
  now += 1_000;
  await snapshots.take(false);
  const [running, before] = [NOON, NOON - 3_600_000];
  expect(calls).toEqual([
    `HGETALL totals,GET version,ZREVRANGE denied:${running},ZREVRANGE denied:${before}`,
    `HGETALL minutes:${running}`,
  ]);
});

test("past hours that take long are read in several calls that end before a deadline", async () => {
  hourMs = 60;
  const snapshots = make();
  const hours = () => calls.map((call) => call.match(/minutes:/g)?.length ?? 0);
  await snapshots.take(false);
  expect(hours().filter(Boolean)).toEqual([1, 1, 2]);
  for (let second = 0; second < 12; second += 1) {
    now += 900;
    await snapshots.take(false);
  }
  expect(Math.max(...hours())).toBeLessThanOrEqual(4);
  expect(new Set(calls.join().match(/minutes:\d+/g)).size).toBe(25);
});

test("a store that only fails for past hours is not down, and they are read again after 5 s", async () => {
  const snapshots = make();
  const isPast = (call: string) => call === `HGETALL minutes:${NOON - 3_600_000}`;
  pastFails = true;
  for (let second = 0; second < 5; second += 1) {
    expect((await snapshots.take(false)).store.state).toBe("ok");
    now += 1_000;
  }
  expect(calls.filter(isPast)).toHaveLength(1);
  await snapshots.take(false);
  expect(calls.filter(isPast)).toHaveLength(2);
});

test("when changes are announced, the store is read after each, and every 5 s without", async () => {
  const snapshots = make();
  await snapshots.take(true);
  for (let second = 1; second <= 4; second += 1) {
    now += 1_000;
    await snapshots.take(true);
  }
  expect(readings()).toBe(1);
  snapshots.changed();
  await snapshots.take(true);
  expect(readings()).toBe(2);
  now += 5_000;
  await snapshots.take(true);
  expect(readings()).toBe(3);
});

test("a reading that is answered after a later one is dropped", async () => {
  const snapshots = make();
  hashes["totals"] = ["store_calls_total ok", 5];
  let answerNow = () => {};
  held = new Promise((resolve) => (answerNow = resolve));
  const early = snapshots.take(false);
  held = undefined;
  for (const second of [1, 2, 3]) {
    now += 1_000;
    hashes["totals"] = ["store_calls_total ok", 10 * second];
    await snapshots.take(false);
  }
  answerNow();
  const { store, readAt } = await early;
  expect([store.callsPerSecond, readAt]).toEqual([10, now]);
});

test("values that are not counts are read as 0", async () => {
  hashes = {
    totals: ["store_calls_total failed", "inf", "store_calls_total ok", "nan"],
    [`minutes:${NOON}`]: ["0 search allowed", "1e309", "0 search denied", 2, "0 (store) ok", "inf"],
    [`denied:${NOON}`]: ["search aa", "inf", "__proto__ bb", 2],
  };
  const snapshots = make();
  await snapshots.take(false);
  now += 2_000;
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
  const snapshots = make();
  hashes["totals"] = ["decisions_total search allowed", 0];
  await snapshots.take(true);
  hashes["totals"] = ["decisions_total search allowed", 40];
  now += 4_000;
  snapshots.changed();
  const rate = async () => (await snapshots.take(true)).rules[0]?.perSecond?.allowed;
  expect(await rate()).toBe(10);
  now += 4_000;
  expect(await rate()).toBe(5);
});

test("a store that fails is down, with its code, and the numbers stay with their age", async () => {
  const snapshots = make();
  hashes = {
    totals: ["decisions_total search allowed", 1],
    [`minutes:${NOON}`]: ["0 search allowed", 1],
  };
  const readAt = now;
  await snapshots.take(false);
  failure = new StoreError("STORE_TIMEOUT", "late");
  now += 2_000;
  const snapshot = await snapshots.take(false);
  expect(snapshot.store).toMatchObject({
    state: "down",
    reason: "STORE_TIMEOUT",
    breaker: "closed",
  });
  expect(snapshot.store.roundTripMs).toBeUndefined();
  expect([snapshot.readAt, snapshot.sentAt - readAt]).toEqual([readAt, 2_000]);
  expect(snapshot.rules[0]?.lastHour.allowed).toBe(1);
  failure = undefined;
  now += 1_000;
  expect((await snapshots.take(false)).store.state).toBe("ok");
});

test("a snapshot shows an open breaker with the failure that opened it", async () => {
  failure = new StoreError("STORE_NOT_TRIED", "not sent", {
    cause: new StoreError("STORE_UNREACHABLE", "down"),
  });
  const { store, readAt } = await make().take(false);
  expect(store).toMatchObject({ state: "down", reason: "STORE_UNREACHABLE", breaker: "open" });
  expect(readAt).toBeNull();
});

test("a store that answers but accepts no write is down", async () => {
  probeError = new StoreError("STORE_OUT_OF_MEMORY", "full");
  const { store } = await make().take(false);
  expect(store).toMatchObject({ state: "down", reason: "STORE_OUT_OF_MEMORY" });
});

test.each([
  ["failed calls", ["0 (store) ok", 9, "0 (store) failed", 1], "failed-calls"],
  ["a p95 above 50 ms", ["0 (store) ok", 9, "0 (store) le 0.1", 9], "slow-calls"],
])("a store is degraded by %s", async (_, minutes, reason) => {
  hashes[`minutes:${NOON}`] = minutes;
  expect((await make().take(false)).store).toMatchObject({ state: "degraded", reason });
});

test("the history is made once a minute, and again when an hour was read", async () => {
  const snapshots = make();
  await snapshots.take(false);
  const past = snapshots.historyJson();
  now += 1_000;
  await snapshots.take(false);
  expect(snapshots.historyJson()).toBe(past);
  now += 60_000;
  await snapshots.take(false);
  expect(snapshots.historyJson()).not.toBe(past);
});
