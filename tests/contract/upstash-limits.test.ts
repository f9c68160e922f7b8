import { IpDenyList, Ratelimit } from "@upstash/ratelimit";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ALGORITHM_NAMES } from "#lib/limit/algorithms/all";
import { type Charged, fullGroups, takenOf } from "#lib/limit/charge";
import { RedisLimits } from "#lib/limit/stores/redis";
import { UpstashLimits } from "#lib/limit/stores/upstash";
import { createRedis, redisOver } from "#lib/redis/client";
import { StoreError } from "#lib/redis/errors";
import type { Algorithm } from "#lib/policy/types";
import { chargeOf } from "../support/charge.ts";
import { liveStore } from "../support/live-store.ts";

const live = liveStore();

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** A store through the class, and the addresses that it called. */
function openStore() {
  const called: string[] = [];
  const send: typeof fetch = (input, init) => {
    called.push(new Request(input, init).url);
    return fetch(input, init);
  };
  const { url, token } = live.store;
  const redis = createRedis({ url, token, deadlineMs: 10_000, fetch: send });
  return { redis, called, store: new UpstashLimits(redis) };
}

/** A store whose calls a function answers. */
function storeOf(request: () => Promise<never>) {
  return new UpstashLimits(redisOver({ request }));
}

/** Two windows that decide, and a rule in shadow with one unit, for one client. */
function chargesFor(algorithm: Algorithm) {
  const client = `windows-${algorithm}`;
  const charge = (name: string, limit: number, windowMs: number, group = 0) => ({
    ...chargeOf(`{${client}}:${name}`, { limit, windowMs, algorithm }),
    client,
    group,
  });
  const [hour, day] = [3_600_000, 86_400_000];
  return [charge("hour", 3, hour), charge("day", 5, day), charge("shadow", 1, hour, 1)];
}

describe("limits through @upstash/ratelimit's class", () => {
  test.each(ALGORITHM_NAMES)(
    "limits of %s through the class check several windows together, with a rule in shadow",
    async (algorithm) => {
      const { store, called } = openStore();
      const charges = chargesFor(algorithm);
      const remaining = (charged: readonly Charged[]) =>
        charged.map((each) => each.status.remaining);
      const first = await store.consume(charges);
      expect(remaining(first)).toEqual([2, 4, 0]);
      expect(takenOf(first)).toEqual(first);
      const second = await store.consume(charges);
      expect(fullGroups(second)).toEqual(new Set([1]));
      expect(remaining(await store.consume(charges))).toEqual([0, 2, 0]);
      called.length = 0;
      const denied = await store.consume(charges);
      expect(called).toHaveLength(1);
      expect(fullGroups(denied)).toEqual(new Set([0, 1]));
      expect(remaining(denied)).toEqual([0, 2, 0]);
      expect(remaining(await store.peek(charges))).toEqual([0, 2, 0]);
    },
  );

  test("concurrent calls for one client through the class each get the result of their charges", async () => {
    const { store, redis } = openStore();
    const common = chargeOf("at-once", { limit: 20, windowMs: 3_600_000 });
    const calls = Array.from({ length: 40 }, async (_, i) => {
      // Each call has a separate limit beside the common one, of the same client.
      const own = { ...chargeOf(`at-once:${i}`, { limit: 100 + i }), client: common.client };
      const charges = [common, own];
      const charged = await (i % 4 === 3 ? store.peek(charges) : store.consume(charges));
      expect(charged.map(({ charge }) => charge)).toEqual(charges);
      expect(charged[1]?.status.limit).toBe(100 + i);
      return charged;
    });
    const consumed = (await Promise.all(calls)).filter((_, i) => i % 4 !== 3);
    const isAllowed = (waits: readonly (number | undefined)[]) => waits.every((ms) => ms === 0);
    const allowed = consumed.filter((all) => isAllowed(all.map(({ status }) => status.waitMs)));
    expect(allowed).toHaveLength(20);
    const [left] = await new RedisLimits(redis).peek([common]);
    expect(left?.status.remaining).toBe(0);
  });

  test("a denied result through the class is that of the algorithm", async () => {
    const { store, redis } = openStore();
    const charge = chargeOf("denied", { limit: 1, windowMs: 3_600_000 });
    await store.consume([charge]);
    const [denied] = await store.consume([charge]);
    const [direct] = await new RedisLimits(redis).consume([charge]);
    expect(denied?.status).toMatchObject({ remaining: 0, limit: 1 });
    expect(denied?.status.waitMs).toBeGreaterThanOrEqual(direct?.status.waitMs ?? Infinity);
    expect(Object.keys(denied ?? {}).toSorted()).toEqual(["at", "charge", "status"]);
  });

  test("only the store is called, and it has no key but that of the limit", async () => {
    const fetched = vi.spyOn(globalThis, "fetch");
    const { store, called } = openStore();
    await live.direct.flushall();
    const charge = chargeOf("alone", { limit: 1 });
    const taken = await store.consume([charge]);
    await store.consume([charge]);
    await store.peek([charge]);
    await store.report([charge]);
    await store.refund(taken);
    await store.restore([{ charge, taken: [{ ageMs: 5, units: 1 }] }]);
    const addresses = fetched.mock.calls.map((call) => new Request(...call).url);
    expect(addresses).toEqual(called);
    expect(new Set(called.map((url) => new URL(url).origin))).toEqual(new Set([live.store.url]));
    expect(await live.direct.keys("*")).toEqual(["alone"]);
    expect(await live.direct.pttl("alone")).toBeGreaterThan(0);
  });

  test("a list of denied values in the store denies no client", async () => {
    const { store } = openStore();
    const charge = chargeOf("listed");
    await live.direct.sadd("@upstash/ratelimit:denyList:all", charge.client);
    const [allowed] = await store.consume([charge]);
    expect(allowed?.status).toMatchObject({ remaining: 4, waitMs: 0 });
  });

  test("a denial by the deny list of another Ratelimit in the process is an error", async () => {
    const { store, redis } = openStore();
    const charge = chargeOf("denied-elsewhere");
    const prefix = "another";
    await IpDenyList.disableIpDenyList(redis, prefix);
    await live.direct.sadd(`${prefix}:denyList:all`, charge.client);
    const limiter = Ratelimit.fixedWindow(5, "1 m");
    const other = new Ratelimit({ redis, prefix, limiter, enableProtection: true });
    expect(await other.limit(charge.client)).toMatchObject({ reason: "denyList" });
    await expect(store.consume([charge])).rejects.toMatchObject({
      code: "STORE_BAD_ANSWER",
      message: expect.stringContaining("deny list") as string,
    });
    expect(await live.direct.exists(charge.key)).toBe(0);
  });

  test("a call through the class waits for an unresponsive store, and no timer allows the request", async () => {
    vi.useFakeTimers();
    const failure = new StoreError("STORE_TIMEOUT", "The store did not answer.");
    const fails: (() => void)[] = [];
    const store = storeOf(() => new Promise((_, reject) => fails.push(() => reject(failure))));
    const ended = vi.fn();
    const consumed = store.consume([chargeOf("slow")]).finally(ended);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ended).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
    for (const fail of fails) fail();
    await expect(consumed).rejects.toBe(failure);
  });

  test("every call through the class throws the store's error", async () => {
    const failure = new StoreError("STORE_UNREACHABLE", "The store could not be reached.");
    const store = storeOf(() => Promise.reject(failure));
    const charge = chargeOf("failing");
    const taken = [
      {
        charge,
        at: 1,
        status: { ...charge.limit, global: false, remaining: 0, waitMs: 0, resetMs: 0 },
      },
    ];
    await expect(store.consume([charge])).rejects.toBe(failure);
    await expect(store.peek([charge])).rejects.toBe(failure);
    await expect(store.report([charge])).rejects.toBe(failure);
    await expect(store.refund(taken)).rejects.toBe(failure);
    await expect(store.restore([{ charge, taken: [] }])).rejects.toBe(failure);
  });
});
