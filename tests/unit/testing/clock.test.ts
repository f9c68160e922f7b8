import { expect, test } from "vitest";
import { definePolicy } from "headgate";
import { createDedup } from "headgate/dedup";
import { createIdempotent } from "headgate/idempotency";
import { createLocks } from "headgate/locks";
import { redisOf } from "headgate/redis";
import { createTestGate, expectAllowed, expectDenied } from "headgate/testing";

const policy = definePolicy({
  defaults: { headers: "always" },
  rules: {
    search: { match: "/api/search", limits: { ip: ["3 per minute", "5 per hour"] } },
    local: { match: "/local", limits: { ip: "1 per minute" }, onStoreFailure: "local" },
    quick: { match: "/quick", limits: { ip: "20 per minute" }, admit: "optimistic" },
  },
});

test("a count ends exactly when the clock reaches its end", async () => {
  const gate = createTestGate(policy);
  for (const remaining of [2, 1, 0]) {
    expectAllowed(await gate.send("/api/search"), { rule: "search", remaining });
  }
  expectDenied(await gate.send("/api/search"), { rule: "search", retryAfter: "1 minute" });
  await gate.advance(59_999);
  expectDenied(await gate.send("/api/search"), { retryAfter: 1 });
  await gate.advance(1);
  expectAllowed(await gate.send("/api/search"));
});

test("a denial is remembered, and dropped when the clock moves", async () => {
  const gate = createTestGate(policy);
  await gate.exhaust("search");
  await gate.send("/api/search");
  await gate.advance("10 seconds");
  await gate.send("/api/search");
  await gate.advance("20 seconds");
  await gate.send("/api/search");
  const decisions = (await gate.events()).flatMap((event) =>
    event.kind === "decision" ? [event.decision] : [],
  );
  // A denial is remembered for at most 30 seconds.
  expect(decisions.map(({ remembered = false }) => remembered)).toEqual([false, true, false]);
  expect(decisions.map(({ retryAfterMs = 0 }) => retryAfterMs / 1000)).toEqual([3600, 3590, 3570]);
});

test("the breaker opens after five failures, and tries again when the clock moves", async () => {
  const gate = createTestGate(policy);
  gate.storeIs("down");
  for (let i = 0; i < 6; i += 1) expectAllowed(await gate.send("/api/search"));
  gate.storeIs("up");
  await gate.send("/api/search");
  await gate.advance(100);
  await gate.send("/api/search");
  const events = await gate.events();
  const codes = events.flatMap((event) =>
    event.kind === "store" ? [(event.error as { code?: string } | undefined)?.code] : [],
  );
  expect(codes).toEqual([
    ...Array.from({ length: 5 }, () => "STORE_TIMEOUT"),
    "STORE_NOT_TRIED",
    "STORE_NOT_TRIED",
    undefined,
  ]);
  expect(events.flatMap((event) => (event.kind === "breaker" ? [event.state] : []))).toEqual([
    "open",
    "closed",
  ]);
});

test("local counts end by the clock too while the store is down", async () => {
  const gate = createTestGate(policy);
  gate.storeIs("down");
  expectAllowed(await gate.send("/local"));
  expectDenied(await gate.send("/local"), { rule: "local", retryAfter: 60 });
  await gate.advance("1 minute");
  expectAllowed(await gate.send("/local"));
});

test("an optimistic rule relies on its last count for ten seconds of the clock", async () => {
  const gate = createTestGate(policy);
  await gate.send("/quick");
  await gate.send("/quick");
  await gate.advance(10_001);
  await gate.send("/quick");
  const counted = (await gate.events()).flatMap((event) =>
    event.kind === "decision" ? [event.decision.counted] : [],
  );
  expect(counted).toEqual(["in-store", "after-answer", "in-store"]);
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

test("an event counts once until its window ends by the clock", async () => {
  const gate = createTestGate(policy);
  const dedup = createDedup(gate);
  expect(await dedup.shouldTrackEvent("view:1", 300)).toBe(true);
  await gate.advance(299_999);
  expect(await dedup.shouldTrackEvent("view:1", 300)).toBe(false);
  await gate.advance(1);
  expect(await dedup.shouldTrackEvent("view:1", 300)).toBe(true);
});

test("a claim is renewed while its work runs, and lost after the longest hold", async () => {
  const gate = createTestGate(policy);
  const dedup = createDedup(gate);
  let end: (text: string) => void = () => {};
  const work = new Promise<string>((resolve) => {
    end = resolve;
  });
  const terms = { window: "1 day", lease: "30 seconds", maxHold: "2 minutes" } as const;
  const done = dedup.once("mail:7", terms, () => work);
  await gate.advance("1 minute");
  expect(await dedup.once("mail:7", terms, async () => "again")).toMatchObject({
    ran: false,
    reason: "in-progress",
  });
  await gate.advance("2 minutes");
  expect(await dedup.once("mail:7", terms, async () => "again")).toMatchObject({ ran: true });
  end("late");
  expect(await done).toMatchObject({ ran: true, isCommitted: false });
  const lost = (await gate.events()).filter(
    (event) => event.kind === "dedup" && event.state === "lost",
  );
  expect(lost).toHaveLength(1);
});

test("an answer is replayed for its key until the clock reaches the end of its window", async () => {
  const gate = createTestGate(policy);
  let runs = 0;
  const post = createIdempotent(gate)(() => Response.json({ run: (runs += 1) }), {
    caller: () => "ada",
  });
  const pay = async () =>
    (
      await post(
        gate.request("/pay", {
          method: "POST",
          headers: { "Idempotency-Key": '"7f3a"' },
          body: "{}",
        }),
      )
    ).json();
  expect([await pay(), await pay()]).toEqual([{ run: 1 }, { run: 1 }]);
  await gate.advance("1 day");
  expect(await pay()).toEqual({ run: 2 });
});

test("a request that runs for minutes keeps its key, which the clock renews", async () => {
  const gate = createTestGate(policy);
  let end = () => {};
  const running = new Promise<void>((resolve) => {
    end = resolve;
  });
  let runs = 0;
  const post = createIdempotent(gate)(
    async () => {
      runs += 1;
      await running;
      return Response.json({ paid: true });
    },
    { caller: () => "ada", lease: "30 seconds" },
  );
  const headers = { "Idempotency-Key": '"7f3a"' };
  const pay = () => post(gate.request("/pay", { method: "POST", headers, body: "{}" }));
  const first = pay();
  await expect.poll(() => runs).toBe(1);
  await gate.advance("3 minutes");
  expect((await pay()).status).toBe(409);
  end();
  expect((await first).status).toBe(200);
  expect([(await pay()).status, runs]).toEqual([200, 1]);
});

test("keys of the app's own end by the clock", async () => {
  const gate = createTestGate(policy);
  const redis = redisOf(gate);
  await redis.set("draft", { title: "Song" }, { ex: 60 });
  await redis.pipeline().incr("n").incr("n").exec();
  await gate.advance("59 seconds");
  expect([await redis.get("draft"), await redis.get("n")]).toEqual([{ title: "Song" }, 2]);
  await gate.advance("1 second");
  expect(await redis.get("draft")).toBeNull();
  expect(await redis.multi().set("a", "1").get("a").exec()).toEqual(["OK", 1]);
});

test("the store refuses the same commands as our gateway", async () => {
  const refused = redisOf(createTestGate(policy)).keys("*");
  await expect(refused).rejects.toMatchObject({ code: "STORE_REJECTED" });
});

test("locks and dedup fail as they do without a store, and none of their calls is sent twice", async () => {
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
