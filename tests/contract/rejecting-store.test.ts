import { beforeEach, describe, expect, test } from "vitest";
import { dayOf } from "#app/_domain/analytics/events";
import { createTotals } from "#app/_domain/analytics/totals";
import { track } from "#app/_domain/analytics/track";
import { totalEvents } from "#app/_domain/analytics/worker";
import { commitDone } from "#lib/dedup/commit-done";
import { connectTcp } from "#lib/gateway/direct";
import { createLimits } from "#lib/limits";
import type { Lock } from "#lib/lock/locks";
import { definePolicy } from "#lib/policy/define";
import type { BreakerChange } from "#lib/redis/breaker";
import { batchCalls } from "#lib/redis/batching";
import { createRequester } from "#lib/redis/requester";
import { type ScriptStore, scriptStoreOver } from "#lib/redis/script-store";
import { startScriptedStore } from "../support/scripted-store.ts";
import { liveStore } from "../support/live-store.ts";
import { gateOptions } from "../support/options.ts";
import { scope } from "../support/scope.ts";
import { makeTools } from "../support/tools.ts";

const live = liveStore();
const cleanUp = scope();

/** The ways to make a real Redis reject scripts that write, to end that, and the code that reports it. */
const CAUSES = [
  ["OOM", "CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0", "STORE_OUT_OF_MEMORY"],
  [
    "NOREPLICAS",
    "CONFIG SET min-replicas-to-write 1",
    "CONFIG SET min-replicas-to-write 0",
    "STORE_READ_ONLY",
  ],
  [
    "NOPERM for scripts",
    "ACL SETUSER default -eval -evalsha",
    "ACL SETUSER default +@all",
    "STORE_NOT_PERMITTED",
  ],
  [
    "NOPERM for a command of the scripts",
    "ACL SETUSER default -set -hset -hincrby",
    "ACL SETUSER default +@all",
    "STORE_NOT_PERMITTED",
  ],
  [
    "NOPERM for the keys",
    "ACL SETUSER default resetkeys ~another:*",
    "ACL SETUSER default allkeys",
    "STORE_NOT_PERMITTED",
  ],
] as const;

const run = (line: string) => {
  const [name = "", ...args] = line.split(" ");
  return live.direct.call(name, ...args);
};

const work = async (lock: Lock | undefined) => lock ?? "without a lock";

const policy = definePolicy({ rules: { search: { limits: { ip: "1000 per hour" } } } });

/** Each way by which limits call the store, with the reports of its breaker. */
const WAYS: Readonly<
  Record<string, (onBreakerChange: (change: BreakerChange) => void) => ScriptStore>
> = {
  REST: (onBreakerChange) =>
    scriptStoreOver(
      createRequester({ ...live.store, deadlineMs: 10_000, onBreakerChange }),
      10_000,
    ),
  "joined calls": (onBreakerChange) =>
    scriptStoreOver(
      batchCalls(createRequester({ ...live.store, deadlineMs: 10_000, onBreakerChange })),
      10_000,
    ),
  TCP: (onBreakerChange) =>
    cleanUp(
      connectTcp({ redisUrl: live.store.redis.url, deadlineMs: 10_000, onBreakerChange }),
      (it) => it.close(),
    ).redis,
};

describe.each(CAUSES)("a Redis that answers %s", (_, begin, end, code) => {
  beforeEach(async () => {
    await run(begin);
    return () => run(end);
  });

  test.each(Object.entries(WAYS))(
    "by %s limits report the cause, and stop calling after five failures",
    async (_way, open) => {
      const changes: BreakerChange[] = [];
      const redis = open((change) => changes.push(change));
      const { limit } = createLimits(policy, { ...gateOptions(live.store).options, redis });
      const codes: unknown[] = [];
      for (let i = 0; i < 12; i += 1) {
        const decision = await limit("search", { ip: `203.0.113.${i}` });
        expect(decision).toMatchObject({ allowed: true, reason: "store-failed" });
        codes.push(decision.error && "code" in decision.error && decision.error.code);
      }
      expect(codes.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => code));
      expect(codes).toContain("STORE_NOT_TRIED");
      expect(changes).toMatchObject([{ state: "open", error: { code } }]);
      await run(end);
      await expect
        .poll(async () => (await limit("search", { ip: "203.0.113.99" })).counted)
        .toBe("in-store");
      expect(changes.map(({ state }) => state)).toEqual(["open", "closed"]);
    },
  );

  test("work under a lock follows onStoreFailure", async () => {
    const { locks } = makeTools(live.store);
    await expect(locks.withLock("a", work)).rejects.toMatchObject({ code });
    const skipped = await locks.withLock("a", work, { onStoreFailure: "skip" });
    expect(skipped).toEqual({ ran: false, reason: "store-failed" });
    const ran = await locks.withLock("a", work, { onStoreFailure: "run" });
    expect(ran).toEqual({ ran: true, value: "without a lock", isLocked: false });
  });

  test("a single flight follows onStoreFailure, and acquires no lock", async () => {
    const { locks } = makeTools(live.store);
    const flight = { resultTtl: 60 } as const;
    await expect(locks.singleFlight("b", work, flight)).rejects.toMatchObject({ code });
    const alone = await locks.singleFlight("b", work, { ...flight, onStoreFailure: "run" });
    expect(alone).toEqual({ value: "without a lock", isShared: false });
    expect(await locks.acquireLock("c", 30)).toBeNull();
  });

  test("claims and once follow onStoreFailure", async () => {
    const { dedup } = makeTools(live.store);
    expect(await dedup.claim("e", { window: 60 })).toMatchObject({
      state: "first",
      isCertain: false,
    });
    const closed = { window: 60, onStoreFailure: "closed" } as const;
    expect(await dedup.claim("e", closed)).toMatchObject({
      state: "in-progress",
      isCertain: false,
    });
    expect(await dedup.claimMany(["e", "f"], closed)).toMatchObject([
      { isCertain: false },
      { isCertain: false },
    ]);
    const options = { window: 60, keepResult: true } as const;
    const ran = await dedup.once("e", options, async () => "done");
    expect(ran).toEqual({ ran: true, value: "done", isCertain: false, isCommitted: false });
    const left = await dedup.once("e", { ...options, ...closed }, async () => "done");
    expect(left).toMatchObject({ ran: false, reason: "in-progress" });
  });

  test("an idempotent handler follows onStoreFailure", async () => {
    const { idempotent } = makeTools(live.store);
    const answer = async (onStoreFailure: "open" | "closed") => {
      const handler = idempotent(() => new Response("done", { status: 201 }), {
        caller: () => "ada",
        onStoreFailure,
      });
      const request = new Request("https://app.example/orders", {
        method: "POST",
        headers: { "idempotency-key": '"k"' },
      });
      return (await handler(request)).status;
    };
    expect([await answer("closed"), await answer("open")]).toEqual([503, 201]);
  });
});

test("a commit that Redis rejects because its memory is full is not sent again without its result", async () => {
  const { dedup } = makeTools(live.store);
  const claim = await dedup.claim("e", { lease: 30, window: 60 });
  if (claim.state !== "first") throw new Error("The claim must be first.");
  const commits: unknown[] = [];
  const commit: typeof dedup.commit = (token, result, effect) => {
    commits.push(result);
    return dedup.commit(token, result, effect);
  };
  await run("CONFIG SET maxmemory 1");
  try {
    const done = { token: claim.token, result: { kept: true } };
    await expect(commitDone({ commit }, done, () => {})).rejects.toMatchObject({
      code: "STORE_OUT_OF_MEMORY",
    });
    expect(commits).toEqual([{ kept: true }]);
  } finally {
    await run("CONFIG SET maxmemory 0");
  }
});

test("a worker that does not watch outlasts a Redis that rejects writes for a while", async () => {
  const tools = makeTools(live.store);
  const today = dayOf(Date.now());
  const event = { type: "profile_view", artistId: "a", sessionId: "s" };
  expect(await track(tools, event)).toMatchObject({ tracked: true });
  const totals = createTotals(tools);
  await run("CONFIG SET min-replicas-to-write 1");
  const failures: unknown[] = [];
  const settled = await totalEvents({
    totals,
    watch: false,
    signal: new AbortController().signal,
    abandonedMs: 1,
    onFailure(error) {
      failures.push(error);
      void run("CONFIG SET min-replicas-to-write 0");
    },
  });
  expect(failures).toMatchObject([{ code: "STORE_READ_ONLY" }]);
  expect(settled).toEqual({ counted: 1, setAside: 0 });
  expect(await totals.ofDay(today)).toEqual({ profile_view: 1 });
});

test("an address with a path is recognized by the gateway's answers", async () => {
  const changes: BreakerChange[] = [];
  const requester = createRequester({
    ...live.store,
    url: `${live.store.url}/api/v1`,
    deadlineMs: 10_000,
    onBreakerChange: (change) => changes.push(change),
  });
  const redis = scriptStoreOver(requester, 10_000);
  const { limit } = createLimits(policy, { ...gateOptions(live.store).options, redis });
  const codes: unknown[] = [];
  for (let i = 0; i < 6; i += 1) {
    const { error } = await limit("search", { ip: "203.0.113.1" });
    codes.push(error && "code" in error && error.code);
  }
  expect(codes).toEqual([
    ...Array.from({ length: 5 }, () => "STORE_WRONG_ADDRESS"),
    "STORE_NOT_TRIED",
  ]);
  expect(changes).toMatchObject([{ state: "open" }]);
});

test('a lock\'s work runs with onStoreFailure "run" also when the store rejects with an unknown error', async () => {
  const store = cleanUp(
    await startScriptedStore(() => ({ status: 400, body: '{"error":"ERR not today"}' })),
    (it) => it.stop(),
  );
  const { locks } = makeTools(store);
  await expect(locks.withLock("a", work)).rejects.toMatchObject({ code: "STORE_REJECTED" });
  const skipped = await locks.withLock("a", work, { onStoreFailure: "skip" });
  expect(skipped).toEqual({ ran: false, reason: "store-failed" });
  const ran = await locks.withLock("a", work, { onStoreFailure: "run" });
  expect(ran).toEqual({ ran: true, value: "without a lock", isLocked: false });
  const alone = await locks.singleFlight("b", work, { resultTtl: 60, onStoreFailure: "run" });
  expect(alone).toEqual({ value: "without a lock", isShared: false });
});
