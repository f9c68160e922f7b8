import { beforeAll, describe, expect, test, vi } from "vitest";
import { senderTo } from "../support/gate-sender.ts";
import { upstashCalls } from "../support/counted-upstash.ts";
import { liveStore } from "../support/live-store.ts";
import { AUTH_SECRET } from "../support/sign.ts";

vi.mock("@upstash/ratelimit", async (original) => {
  const { countedRatelimit } = await import("../support/counted-upstash.ts");
  const real = await original<{ Ratelimit: Parameters<typeof countedRatelimit>[0] }>();
  return { ...real, Ratelimit: countedRatelimit(real.Ratelimit) };
});
vi.mock("@upstash/redis", async (original) => {
  const { countedRedis } = await import("../support/counted-upstash.ts");
  const real = await original<{ Redis: Parameters<typeof countedRedis>[0] }>();
  return { ...real, Redis: countedRedis(real.Redis) };
});

const live = liveStore();

beforeAll(() => {
  vi.stubEnv("UPSTASH_REDIS_REST_URL", live.store.url);
  vi.stubEnv("UPSTASH_REDIS_REST_TOKEN", live.store.token);
  vi.stubEnv("HEADGATE_STORE_DEADLINE_MS", "10000");
  vi.stubEnv("HEADGATE_NAMESPACE", "sample");
  vi.stubEnv("CLIENT_IP_FROM", "hops:1");
  vi.stubEnv("AUTH_SECRET", AUTH_SECRET);
  vi.spyOn(console, "warn").mockImplementation(() => {});
});

/** The calls of the class, the scripts that @upstash/redis ran, and the calls of the store. */
async function callsOf(run: () => Promise<unknown>) {
  const fetched = vi.spyOn(globalThis, "fetch");
  const { ratelimit, redis } = upstashCalls;
  ratelimit.length = redis.length = 0;
  await run();
  const calls = {
    ratelimit: [...ratelimit],
    redis: redis.length,
    store: fetched.mock.calls.length,
  };
  fetched.mockRestore();
  return calls;
}

describe("the sample's gate", async () => {
  const { gate } = await import("#app/_domain/gate");
  const { tools, limits } = await import("#app/_domain/headgate");
  const send = senderTo(gate.middleware);
  const search = (address: string) =>
    send("/api/search", { method: "POST", headers: { "x-forwarded-for": address } });
  const statusOf = async (address: string) => (await search(address)).status;

  // The first call of each script sends its text. No test counts that call.
  beforeAll(async () => {
    await search("198.51.100.1");
    await limits.peek("search", { ip: "198.51.100.1" });
    await limits.refund(await limits.limit("search", { ip: "198.51.100.1" }));
    const token = await tools.locks.acquireLock("first", 5);
    await tools.locks.releaseLock("first", token ?? "");
    await tools.dedup.shouldTrackEvent("first", 5);
  });

  test("an allowed request of the sample is one call of the class and one of the store", async () => {
    const calls = await callsOf(async () => expect(await statusOf("203.0.113.1")).toBe(200));
    expect(calls).toEqual({ ratelimit: ["limit"], redis: 1, store: 1 });
  });

  test("a denied request of the sample calls the class once; the next is denied from the denial cache", async () => {
    for (let i = 0; i < 10; i += 1) expect(await statusOf("203.0.113.2")).toBe(200);
    const denied = async () => expect(await statusOf("203.0.113.2")).toBe(429);
    expect(await callsOf(denied)).toEqual({ ratelimit: ["limit"], redis: 1, store: 1 });
    expect(await callsOf(denied)).toEqual({ ratelimit: [], redis: 0, store: 0 });
  });

  test("a request of the sample without a rule calls neither the class nor the store", async () => {
    expect(await callsOf(() => send("/about"))).toEqual({ ratelimit: [], redis: 0, store: 0 });
  });

  test("a handler's limit and peek are calls of the class, and its refund calls only Redis", async () => {
    const ip = "203.0.113.3";
    const limit = await callsOf(() => limits.limit("search", { ip }));
    expect(limit).toEqual({ ratelimit: ["limit"], redis: 1, store: 1 });
    const peek = await callsOf(() => limits.peek("search", { ip }));
    expect(peek).toEqual({ ratelimit: ["getRemaining"], redis: 1, store: 1 });
    const taken = await limits.limit("search", { ip });
    const refund = await callsOf(async () => expect(await limits.refund(taken)).toBe(1));
    // A refund is sent as a pipeline, which the client makes by another method.
    expect(refund).toEqual({ ratelimit: [], redis: 0, store: 1 });
  });

  test("locks and dedup run their scripts by the client of @upstash/redis", async () => {
    const calls = await callsOf(async () => {
      const token = await tools.locks.acquireLock("lock", 5);
      expect(await tools.locks.releaseLock("lock", token ?? "")).toBe(true);
      expect(await tools.dedup.shouldTrackEvent("event", 5)).toBe(true);
      expect(await tools.dedup.shouldTrackEvent("event", 5)).toBe(false);
    });
    expect(calls).toEqual({ ratelimit: [], redis: 4, store: 4 });
  });

  test("the app with proxy.ts counts in the default store by REST, and through the class by TCP", async () => {
    const nameOfStore = async () => {
      // The sample reads its variables once.
      vi.resetModules();
      const { gate: ofProxy } = await import("../fixtures/proxy/gate.ts");
      return ofProxy.options.limitStore?.constructor.name;
    };
    expect(gate.options.limitStore?.constructor.name).toBe("UpstashLimits");
    expect(await nameOfStore()).toBe("RedisLimits");
    vi.stubEnv("UPSTASH_REDIS_REST_URL", "");
    vi.stubEnv("UPSTASH_REDIS_REST_TOKEN", "");
    vi.stubEnv("REDIS_URL", live.store.redis.url);
    expect(await nameOfStore()).toBe("UpstashLimits");
  });
});
