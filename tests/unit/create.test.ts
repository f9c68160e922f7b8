import { describe, expect, test, onTestFinished, vi } from "vitest";
import { fromEnv } from "#lib/env";
import { createHeadgate, type GateSettings } from "#lib/create";
import { createDedup } from "#lib/dedup/dedup";
import { createIdempotent } from "#lib/idempotency/idempotent";
import { createLocks } from "#lib/lock/locks";
import type { HeadgateEvent } from "#lib/observe/events";
import { definePolicy } from "#lib/policy/define";
import { redisOf } from "#lib/redis/client";
import type { Requester, UpstashRequest } from "#lib/redis/upstash-protocol";

const policy = definePolicy({
  rules: {
    api: { match: "/api/:path*", limits: { ip: "5 per minute" }, headers: "always" },
  },
});

const FAILURE: HeadgateEvent = {
  kind: "failure",
  during: "app",
  name: "a handler",
  error: new Error("x"),
};

const VARIABLES = {
  UPSTASH_REDIS_REST_URL: "http://127.0.0.1:9",
  UPSTASH_REDIS_REST_TOKEN: "token",
  CLIENT_IP_FROM: "hops:1",
  HEADGATE_NAMESPACE: "created",
};

/** Returns settings whose store is a function, and the calls of that function. */
function settingsWith(answer: (request: UpstashRequest) => unknown, more: object = {}) {
  const calls: UpstashRequest[] = [];
  const events: HeadgateEvent[] = [];
  const requester: Requester = {
    request: async (request) => {
      calls.push(request);
      return answer(request) as never;
    },
  };
  const settings: GateSettings = {
    ...fromEnv(VARIABLES),
    connect: () => requester,
    onEvent: (event) => events.push(event),
    ...more,
  };
  return { calls, events, settings };
}

const request = (path: string) =>
  new Request(`http://app.example${path}`, { headers: { "x-forwarded-for": "203.0.113.9" } });
const event = { waitUntil: () => {} };

describe("createHeadgate", () => {
  test("a gate is made without any variable, and reads the variables at the first request", async () => {
    let reads = 0;
    const gate = createHeadgate(policy, () => {
      reads += 1;
      return settingsWith(() => ({ result: "PONG" })).settings;
    });
    const { middleware, limits, wrap } = gate;
    wrap(() => undefined);
    createLocks(gate);
    createDedup(gate);
    createIdempotent(gate)(() => new Response(), { caller: () => "ada" });
    const redis = redisOf(gate);
    expect(reads).toBe(0);
    expect(limits.limit).toBeTypeOf("function");
    await middleware(request("/"), event);
    expect(await redis.ping()).toBe("PONG");
    expect(reads).toBe(1);
  });

  test("a gate's options and limits can be spread, and are read only then", async () => {
    let reads = 0;
    const { settings } = settingsWith(() => ({ result: 1 }));
    const { options, limits } = createHeadgate(policy, () => {
      reads += 1;
      return { ...settings, visitorSecret: "the secret of the tests" };
    });
    expect(reads).toBe(0);
    expect({ ...options }).toMatchObject({ visitorSecret: "the secret of the tests" });
    expect({ ...limits }.peek).toBeTypeOf("function");
    expect(Object.hasOwn(options, "nothing")).toBe(false);
    expect(reads).toBe(1);
  });

  test("a gate throws the errors of settings and policy at the first request, or at its check", async () => {
    const quoted = { ...VARIABLES, UPSTASH_REDIS_REST_TOKEN: '"token"' };
    const unusable = createHeadgate(policy, () => fromEnv(quoted));
    expect(() => unusable.check()).toThrow(/UPSTASH_REDIS_REST_TOKEN/);
    await expect(async () => unusable.middleware(request("/api/a"), event)).rejects.toMatchObject({
      code: "ENV_INVALID",
    });
    const wrong = definePolicy({
      rules: { api: { match: "/api", limits: { ip: "5 per fortnight" } } },
    });
    const { settings } = settingsWith(() => ({ result: 1 }));
    expect(() => createHeadgate(wrong, settings).check()).toThrow(/fortnight/);
    expect(() => createHeadgate(policy, settings).check()).not.toThrow();
  });

  test("a gate has one connection to the store for middleware, limits, locks, dedup and commands", async () => {
    const { calls, settings } = settingsWith(() => ({ result: 1 }));
    let connections = 0;
    const { connect } = settings;
    const gate = createHeadgate(policy, {
      ...settings,
      connect(about) {
        connections += 1;
        expect(about.deadlineMs).toBe(500);
        return connect?.(about) as Requester;
      },
    });
    await gate.middleware(request("/api/a"), event);
    await gate.limits.checkRateLimit("key", 5, 60_000);
    await createLocks(gate).acquireLock("lock", 5);
    await createDedup(gate).shouldTrackEvent("event", 5);
    await redisOf(gate).get("app");
    expect(connections).toBe(1);
    expect(calls).toHaveLength(5);
  });

  test("a gate has one breaker: after five failures of one tool no other tool calls the store", async () => {
    const events: HeadgateEvent[] = [];
    // No server listens at that port.
    const gate = createHeadgate(policy, {
      ...fromEnv(VARIABLES),
      onEvent: (event) => events.push(event),
    });
    const locks = createLocks(gate);
    // The clock stands still, so that no call probes the store again, however busy the machine is.
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    for (let i = 0; i < 5; i += 1) await locks.acquireLock(`lock ${i}`, 5);
    // Each lock fails twice: when it is acquired, and when it is released.
    await expect.poll(() => events.filter(({ kind }) => kind === "failure")).toHaveLength(10);
    expect(events.some(({ kind }) => kind === "breaker")).toBe(true);
    events.length = 0;
    await gate.limits.checkRateLimit("key", 5, 60_000);
    await createDedup(gate).shouldTrackEvent("event", 5);
    await expect(redisOf(gate).eval("return 1", [], [])).rejects.toMatchObject({
      code: "STORE_NOT_TRIED",
    });
    const notTried = expect.objectContaining({ code: "STORE_NOT_TRIED" }) as unknown;
    await expect
      .poll(() => events.toSorted((a, b) => a.kind.localeCompare(b.kind)))
      .toMatchObject([
        { kind: "decision", decision: { error: notTried } },
        { kind: "dedup", state: "first", isCertain: false },
        { kind: "failure", during: "dedup-claim", error: notTried },
        // A claim, a check and a command, none of which was sent.
        ...Array.from({ length: 3 }, () => ({ kind: "store", tookMs: 0, error: notTried })),
      ]);
  });

  test("wrap calls the app's own middleware only on the paths of its matcher", async () => {
    const { settings } = settingsWith(() => ({ result: 1 }));
    const seen: string[] = [];
    const own = ({ url }: Request) => {
      seen.push(new URL(url).pathname);
      return new Response("own", { headers: { "x-own": "1" } });
    };
    const gate = createHeadgate(policy, settings);
    const everywhere = gate.wrap(own);
    const pages = gate.wrap(own, { matcher: "/((?!api).*)" });
    expect(await (await everywhere(request("/api/a"), event)).text()).toBe("own");
    expect((await pages(request("/about"), event)).headers.get("x-own")).toBe("1");
    expect((await pages(request("/api/a"), event)).headers.get("x-own")).toBeNull();
    expect(seen).toEqual(["/api/a", "/about"]);
  });

  test("a gate calls each of several listeners, even after one that throws", async () => {
    const heard: string[] = [];
    const { settings } = settingsWith(() => ({ result: 1 }), {
      onEvent: [
        () => {
          throw new Error("its own");
        },
        ({ kind }: HeadgateEvent) => heard.push(`first ${kind}`),
        async ({ kind }: HeadgateEvent) => heard.push(`second ${kind}`),
      ],
    });
    createHeadgate(policy, settings).emit(FAILURE);
    await expect.poll(() => heard).toEqual(["first failure", "second failure"]);
  });

  test("a gate makes no event of a request when the list of listeners is empty", async () => {
    const { settings } = settingsWith(() => ({ result: 1 }), { onEvent: [] });
    const gate = createHeadgate(policy, settings);
    const later: unknown[] = [];
    const answer = await gate.middleware(request("/api/a"), {
      waitUntil: (work) => later.push(work),
    });
    expect(answer.status).toBe(200);
    expect(later).toEqual([]);
    expect(() => gate.emit(FAILURE)).not.toThrow();
  });

  test("a gate allows requests although its listener throws", async () => {
    const { settings } = settingsWith(() => ({ result: 1 }), {
      onEvent: () => {
        throw new Error("its own");
      },
    });
    const gate = createHeadgate(policy, settings);
    expect(() => gate.emit(FAILURE)).not.toThrow();
    expect((await gate.middleware(request("/"), event)).status).toBe(200);
  });
});
