import { describe, expect, test } from "vitest";
import type { HeadgateEvent } from "#lib/core/events";
import { createHeadgate } from "#lib/create";
import { createDedup } from "#lib/dedup/dedup";
import { fromEnv } from "#lib/env";
import { createIdempotent } from "#lib/idempotency/idempotent";
import { createLocks } from "#lib/lock/locks";
import { liveStore } from "../support/live-store.ts";
import { makeTools } from "../support/tools.ts";

const live = liveStore();

/** A key that no event may contain. */
const KEY = "ada@example.com";
const WINDOW = "1 minute";

/** The tools of an instance, and the events since the last look. */
function instance(send: typeof fetch = fetch) {
  const tools = makeTools(live.store, send);
  const told = () => {
    const events = tools.events.splice(0);
    expect(JSON.stringify(events)).not.toContain(KEY);
    return events;
  };
  return { ...tools, told };
}

const down: typeof fetch = () => Promise.reject(new TypeError("fetch failed"));
const ms = expect.any(Number) as number;

describe("the events of a lock", () => {
  test("a lock emits that it was acquired, and released with the time for which it was held", async () => {
    const { locks, told } = instance();
    const lock = await locks.acquire(KEY);
    expect(told()).toEqual([{ kind: "lock", state: "acquired", waitedMs: ms }]);
    const since = performance.now();
    await expect.poll(() => performance.now() - since).toBeGreaterThan(20);
    expect(await lock.release()).toBe(true);
    expect(await lock.release()).toBe(true);
    const events = told();
    expect(events).toEqual([{ kind: "lock", state: "released", heldMs: ms }]);
    expect((events[0] as { heldMs: number }).heldMs).toBeGreaterThan(20);
  });

  test("a lock emits that another caller holds it: once for each call, with the wait", async () => {
    const { locks, told } = instance();
    const token = (await locks.acquireLock(KEY, 30)) ?? "";
    expect(told()).toEqual([{ kind: "lock", state: "acquired", waitedMs: ms }]);
    expect(await locks.tryAcquire(KEY)).toBeNull();
    expect(await locks.acquireLock(KEY, 30)).toBeNull();
    expect(await locks.withLock(KEY, async () => 1, { wait: 0.1 })).toMatchObject({ ran: false });
    const flight = { resultTtl: WINDOW, wait: 0.1 };
    await expect(locks.singleFlight(KEY, async () => 1, flight)).rejects.toMatchObject({
      code: "LOCK_NOT_ACQUIRED",
    });
    const events = told();
    expect(events).toEqual(
      Array.from({ length: 4 }, () => ({ kind: "lock", state: "contended", waitedMs: ms })),
    );
    const waited = events.slice(2).map((event) => (event as { waitedMs: number }).waitedMs);
    expect(Math.min(...waited)).toBeGreaterThanOrEqual(99);
    await locks.releaseLock(KEY, token);
    expect(told()).toEqual([{ kind: "lock", state: "released" }]);
  });

  test("a lock emits its loss once, with the reason, and no release after that", async () => {
    const { locks, keys, keyedHash, redis, told } = instance();
    const lock = await locks.acquire(KEY, { ttl: 0.3 });
    told();
    await redis.del(keys.lock(keyedHash("lock", KEY)));
    const events: HeadgateEvent[] = [];
    await expect.poll(() => events.push(...told())).toBe(1);
    const error = expect.objectContaining({ code: "LOCK_LOST" }) as unknown;
    expect(events).toEqual([{ kind: "lock", state: "lost", heldMs: ms, error }]);
    expect(await lock.release()).toBe(false);
    expect(told()).toEqual([]);
  });

  test("a lock emits a failure whose caller gets no error", async () => {
    const { locks, told } = instance(down);
    expect(await locks.releaseLock(KEY, "a token")).toBe(false);
    const error = expect.objectContaining({ code: "STORE_UNREACHABLE" }) as unknown;
    expect(told()).toEqual([{ kind: "failure", during: "lock-release", error }]);
  });
});

describe("the events of dedup", () => {
  const first = { kind: "dedup", state: "first", isCertain: true };
  const duplicate = { kind: "dedup", state: "duplicate", isCertain: true };
  const inProgress = { kind: "dedup", state: "in-progress", isCertain: true };

  test("dedup emits the state of each key of a call", async () => {
    const { dedup, told } = instance();
    const leased = { lease: 30, window: WINDOW, payload: "a" } as const;
    const claim = await dedup.claim(KEY, leased);
    await dedup.claim(KEY, leased);
    await dedup.claim(KEY, { ...leased, payload: "b" });
    if (claim.state !== "first") throw new Error("The claim must be first.");
    await dedup.commit(claim.token);
    await dedup.claim(KEY, leased);
    const otherPayload = { ...first, state: "other-payload" };
    expect(told()).toEqual([first, inProgress, otherPayload, duplicate]);
    await dedup.claimMany(["b", "c", "b"], { window: WINDOW });
    expect(told()).toEqual([first, first, duplicate]);
    const counters = [{ key: "counted", field: "f", keep: 60 }];
    await dedup.count("d", { window: WINDOW, counters });
    await dedup.count("d", { window: WINDOW, counters });
    expect(told()).toEqual([first, duplicate]);
    await dedup.shouldTrackEvent("d", 60);
    expect(told()).toEqual([duplicate]);
  });

  test("dedup emits that a claim is uncertain, after the failure", async () => {
    const { dedup, told } = instance(down);
    await dedup.claim(KEY, { window: WINDOW });
    await dedup.claim(KEY, { window: WINDOW, onStoreFailure: "closed" });
    const code = expect.stringMatching(/^STORE_(UNREACHABLE|NOT_TRIED)$/) as unknown;
    const error = expect.objectContaining({ code }) as unknown;
    const failure = { kind: "failure", during: "dedup-claim", error };
    expect(told()).toEqual([
      failure,
      { ...first, isCertain: false },
      failure,
      { ...inProgress, isCertain: false },
    ]);
  });

  test("dedup emits that a claim was lost while its work ran", async () => {
    const { dedup, told } = instance();
    const events: HeadgateEvent[] = [];
    await dedup.once(KEY, { lease: 0.3, maxHold: 0.3, window: WINDOW }, async () => {
      await expect.poll(() => events.push(...told())).toBe(2);
    });
    const error = expect.objectContaining({ code: "DEDUP_CLAIM_LOST" }) as unknown;
    expect(events).toEqual([first, { kind: "dedup", state: "lost", error }]);
  });
});

describe("the events of an idempotent handler", () => {
  const ask = (body = "{}", key = `"${KEY}"`) =>
    new Request("http://app.example/orders", {
      method: "POST",
      headers: key ? { "idempotency-key": key } : {},
      body,
    });
  const ofIdempotency = (events: readonly HeadgateEvent[]) =>
    events.filter(({ kind }) => kind === "idempotency");

  test("an idempotent handler emits that a request was run, replayed, or in conflict, after its claim", async () => {
    const { idempotent, told } = instance();
    const meanwhile: number[] = [];
    const handler = idempotent(
      async (request: Request) => {
        if ((await request.text()) !== "{}") return new Response("larger than is kept");
        meanwhile.push((await handler(ask())).status);
        return new Response("done");
      },
      { caller: () => KEY, maxAnswerBytes: 4 },
    );
    await (await handler(ask())).text();
    expect(meanwhile).toEqual([409]);
    expect(told()).toEqual([
      { kind: "dedup", state: "first", isCertain: true },
      { kind: "idempotency", state: "ran" },
      { kind: "dedup", state: "in-progress", isCertain: true },
      { kind: "idempotency", state: "conflict", reason: "in-progress" },
    ]);
    expect(await (await handler(ask())).text()).toBe("done");
    expect((await handler(ask("[]"))).status).toBe(422);
    await (await handler(ask("[]", '"large"'))).text();
    expect((await handler(ask("[]", '"large"'))).status).toBe(409);
    expect(ofIdempotency(told())).toEqual([
      { kind: "idempotency", state: "replayed" },
      { kind: "idempotency", state: "conflict", reason: "other-request" },
      { kind: "idempotency", state: "ran" },
      { kind: "idempotency", state: "conflict", reason: "answer-not-kept" },
    ]);
  });

  test("an idempotent handler emits nothing for a request that is run each time, or for which the store failed", async () => {
    const { idempotent, told } = instance();
    const options = { caller: () => undefined, required: false };
    const handler = idempotent(() => new Response("done"), options);
    await handler(ask("{}", ""));
    await handler(ask());
    expect(told()).toEqual([]);
    const failing = instance(down);
    const closed = failing.idempotent(() => new Response("done"), { caller: () => KEY });
    expect((await closed(ask())).status).toBe(503);
    expect(failing.told().map(({ kind }) => kind)).toEqual(["failure", "dedup"]);
  });
});

describe("the tools of a gate", () => {
  /** Makes a gate whose listener throws at each event. */
  function failingGate() {
    const { url, token } = live.store;
    return createHeadgate(
      { rules: { api: { match: "/api/:path*", limits: { ip: "5 per minute" } } } },
      {
        ...fromEnv({
          UPSTASH_REDIS_REST_URL: url,
          UPSTASH_REDIS_REST_TOKEN: token,
          CLIENT_IP_FROM: "hops:1",
          HEADGATE_NAMESPACE: `tool-events-${process.pid}`,
        }),
        onEvent: [
          () => {
            throw new Error("the work's error");
          },
          () => Promise.reject(new Error("the work's error")),
        ],
      },
    );
  }

  test("the tools of a gate work when listeners throw, also when their functions are destructured", async () => {
    const gate = failingGate();
    const { acquire, tryAcquire, withLock, singleFlight, acquireLock, releaseLock } =
      createLocks(gate);
    const { release, extend } = await acquire("a");
    expect(await tryAcquire("a")).toBeNull();
    expect(await extend()).toBe(true);
    expect(await release()).toBe(true);
    expect(await withLock("a", async () => 1)).toEqual({ ran: true, value: 1, isLocked: true });
    expect((await singleFlight("b", async () => 2, { resultTtl: 60 })).value).toBe(2);
    expect(await releaseLock("c", (await acquireLock("c", 30)) ?? "")).toBe(true);

    const { claim, claimMany, commit, once, count, shouldTrackEvent, ...rest } = createDedup(gate);
    const claimed = await claim("a", { lease: 30, window: WINDOW });
    if (claimed.state !== "first") throw new Error("The claim must be first.");
    expect(await rest.extend(claimed.token)).toBe(true);
    expect(await commit(claimed.token)).toBe(true);
    expect(await rest.release(claimed.token)).toBe(false);
    expect(await claimMany(["a"], { window: WINDOW })).toMatchObject([{ state: "duplicate" }]);
    expect(await once("b", { window: WINDOW }, async () => 3)).toMatchObject({ value: 3 });
    const counters = [{ key: "counted", field: "f", keep: 60 }];
    expect(await count("c", { window: WINDOW, counters })).toBe(true);
    expect(await shouldTrackEvent("c", 60)).toBe(false);

    const idempotent = createIdempotent(gate);
    const handler = idempotent(() => new Response("done"), { caller: () => "ada" });
    const ask = () => new Request("http://app.example/", { headers: { "idempotency-key": '"k"' } });
    expect(await (await handler(ask())).text()).toBe("done");
    expect((await handler(ask())).headers.get("idempotency-replayed")).toBe("true");
  });
});
