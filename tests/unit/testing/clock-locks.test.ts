import { expect, test } from "vitest";
import { definePolicy } from "headgate";
import { createDedup } from "headgate/dedup";
import { createLocks } from "headgate/locks";
import { createTestGate } from "headgate/testing";

/** The tools of handlers use no rule, and a policy has at least one. */
const policy = definePolicy({
  rules: { search: { match: "/api/search", limits: { ip: "3 per minute" } } },
});

test("a lock is renewed while the clock moves, and lost after the longest hold", async () => {
  const gate = createTestGate(policy);
  const locks = createLocks(gate);
  const lock = await locks.tryAcquire("report", { ttl: "30 seconds", maxHold: "5 minutes" });
  await gate.advance("4 minutes");
  expect(lock?.signal.aborted).toBe(false);
  expect(await locks.tryAcquire("report")).toBeNull();
  await gate.advance("90 seconds");
  expect(lock?.signal.aborted).toBe(true);
  expect(await locks.tryAcquire("report")).not.toBeNull();
});

test("a caller that waits for a lock gets it when the clock reaches the end of its holder", async () => {
  const gate = createTestGate(policy);
  const locks = createLocks(gate);
  expect(await locks.acquireLock("report", 20)).not.toBeNull();
  const states: string[] = [];
  const waiting = locks.acquire("report", { wait: "1 minute" }).then((lock) => {
    states.push("acquired");
    return lock;
  });
  await gate.advance("19 seconds");
  expect(states).toEqual([]);
  await gate.advance("2 seconds");
  expect(states).toEqual(["acquired"]);
  expect(await (await waiting).release()).toBe(true);
  const waits = (await gate.events()).flatMap((event) =>
    event.kind === "lock" && event.state === "acquired" ? [event.waitedMs ?? -1] : [],
  );
  expect(waits[0]).toBe(0);
  expect(waits[1]).toBeGreaterThanOrEqual(20_000);
  expect(waits[1]).toBeLessThan(20_500);
  const late = locks.acquire("report", { wait: "1 minute" });
  await late;
  const refused = locks.acquire("report", { wait: "5 seconds" }).catch((error: unknown) => error);
  await gate.advance("5 seconds");
  expect(await refused).toMatchObject({ code: "LOCK_NOT_ACQUIRED" });
});

test("one flight is shared, and its result ends by the clock", async () => {
  const gate = createTestGate(policy);
  const { singleFlight } = createLocks(gate);
  let runs = 0;
  const fly = () =>
    singleFlight("token", async () => (runs += 1), { resultTtl: "1 minute", wait: "10 seconds" });
  const both = Promise.all([fly(), fly()]);
  await gate.advance("1 second");
  const flights = await both;
  expect(flights.map(({ value }) => value)).toEqual([1, 1]);
  expect(flights.filter(({ isShared }) => isShared)).toHaveLength(1);
  await gate.advance("59 seconds");
  expect(await fly()).toEqual({ value: 2, isShared: false });
});

test("a flight waits for another by the clock, up to its maximum", async () => {
  const gate = createTestGate(policy);
  const { singleFlight } = createLocks(gate);
  const options = { resultTtl: "1 minute", wait: "2 minutes", ttl: "30 seconds" } as const;
  void singleFlight("token", () => new Promise(() => {}), options);
  await gate.advance(1);
  const waited = singleFlight("token", async () => "mine", options).catch(
    (error: unknown) => error,
  );
  await gate.advance("2 minutes");
  expect(await waited).toMatchObject({ code: "LOCK_NOT_ACQUIRED" });
});

test("locks and dedup fail as they do without a store, and send no call twice", async () => {
  const gate = createTestGate(policy);
  gate.storeIs("down");
  expect(await createLocks(gate).acquireLock("report", 10)).toBeNull();
  expect(await createDedup(gate).shouldTrackEvent("view:1", 300)).toBe(true);
  const events = await gate.events();
  const failures = events.flatMap((event) => (event.kind === "failure" ? [event.during] : []));
  expect(failures.toSorted()).toEqual(["dedup-claim", "lock-acquire", "lock-release"]);
  // The calls are the lock, its release (because the result is unknown), and the claim. There are no retries,
  // because their pauses would take real time.
  expect(events.filter(({ kind }) => kind === "store")).toHaveLength(3);
});
