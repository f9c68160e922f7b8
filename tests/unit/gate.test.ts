import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createGate } from "#lib/gate";
import { defineIdentities, definePolicy } from "#lib/policy/define";
import { senderTo } from "../support/gate-sender.ts";
import { startStore, type TestStore } from "../support/gateway.ts";
import { gateOptions } from "../support/options.ts";

const policy = definePolicy({
  identities: defineIdentities({
    user: (request) => request.headers.get("x-user") ?? undefined,
    broken: () => Promise.reject(new Error("its database is down")),
  }),
  defaults: { headers: "always" },
  rules: {
    api: { match: "/api/:path*", limits: { ip: "5 per minute" } },
    search: { match: "/api/search", limits: { ip: "2 per minute", "user|ip": "3 per hour" } },
    closed: { match: "/closed", limits: { ip: "5 per minute" }, onStoreFailure: "deny" },
    shop: { match: "/shop", limits: { global: "2 per minute", ip: "5 per minute" } },
    many: { match: "/many", limits: { ip: "500 per minute", global: "9000 per hour" } },
    quick: { match: "/quick", limits: { ip: "20 per minute" }, admit: "optimistic" },
    "quick-too": { match: "/quick/too", limits: { ip: "5 per minute" } },
    both: { match: "/quick/too", limits: { ip: "30 per minute" }, admit: "optimistic" },
    watched: { match: "/quick/seen", limits: { ip: "30 per minute" }, admit: "optimistic" },
    watching: { match: "/quick/seen", limits: { ip: "3 per minute" }, mode: "shadow" },
    burst: { match: "/burst", limits: { ip: "2 per 2 seconds" } },
    all: { match: "/all", limits: { global: "1 per minute" } },
    named: { match: "/named", limits: { user: "5 per minute" } },
    broken: { match: "/broken", limits: { broken: "1 per minute" } },
  },
});

let store: TestStore;

beforeAll(async () => {
  store = await startStore();
});
afterAll(() => store?.stop());

/** Returns a gate's events, and a function that sends it a request and awaits the work after the response. */
function gate(
  options: Partial<Parameters<typeof createGate>[1]> = {},
  next?: () => Response | undefined,
) {
  const made = gateOptions(store);
  const guard = createGate(policy, { ...made.options, ...options }, next);
  const sendToGate = senderTo(guard);
  const send = (path: string, headers: Record<string, string> = {}, method = "GET") =>
    sendToGate(path, { headers, method });
  return { send, events: made.events, namespace: made.options.namespace };
}

const passed = (answer: Response) => answer.headers.get("x-middleware-next") === "1";

describe("createGate", () => {
  test("the gate consumes from all limits that apply, or from none", async () => {
    const { send } = gate();
    expect(passed(await send("/api/search"))).toBe(true);
    expect(passed(await send("/api/search"))).toBe(true);
    for (let i = 0; i < 4; i += 1) expect((await send("/api/search")).status).toBe(429);
    const other = await send("/api/other");
    expect(other.headers.get("ratelimit")).toMatch(/^"api:ip:minute";r=2;/);
  });

  test("the gate calls the store once for a checked request, and not for another", async () => {
    let calls = 0;
    const { options } = gateOptions(store);
    const counted = new Proxy(options.redis, {
      get(target, name) {
        if (name === "evalsha" || name === "eval") calls += 1;
        const value: unknown = Reflect.get(target, name);
        return value;
      },
    });
    const { send } = gate({ redis: counted });
    for (const path of ["/api/search", "/many"]) {
      await send(path);
      calls = 0;
      await send(path);
      expect(calls).toBe(1);
    }
    expect(passed(await send("/elsewhere"))).toBe(true);
    expect(calls).toBe(1);
  });

  test("the gate denies a client over its limit from the cache until capacity returns", async () => {
    const { options } = gateOptions(store);
    let calls = 0;
    const redis = {
      ...options.redis,
      evalsha: (...call: Parameters<typeof options.redis.evalsha>) => {
        calls += 1;
        return options.redis.evalsha(...call);
      },
    };
    const { send, events } = gate({ redis });
    const statuses = [];
    for (let i = 0; i < 6; i += 1) statuses.push((await send("/burst")).status);
    expect(statuses).toEqual([200, 200, 429, 429, 429, 429]);
    expect(calls).toBe(3);
    const refused = await send("/burst");
    expect(refused.headers.get("retry-after")).toMatch(/^[12]$/);
    expect(refused.headers.get("ratelimit")).toMatch(/^"burst:ip:2 seconds";r=0;t=[12]$/);
    const decisions = events.flatMap((event) =>
      event.kind === "decision" ? [event.decision] : [],
    );
    expect(decisions.filter(({ remembered }) => remembered)).toHaveLength(4);
    expect((await send("/burst", { "x-forwarded-for": "203.0.113.10" })).status).toBe(200);
    await expect.poll(async () => (await send("/burst")).status, { timeout: 10_000 }).toBe(200);
  });

  describe("an optimistic rule", () => {
    /** Returns functions that send a request, and record the store calls before and after the response. */
    function counted() {
      const { options } = gateOptions(store);
      const calls: string[] = [];
      const redis = {
        ...options.redis,
        evalsha: (sha: string, keys: string[], args: string[]) => {
          calls.push(args[0] ?? "");
          return options.redis.evalsha(sha, keys, args);
        },
      };
      const guard = createGate(policy, { ...options, redis });
      const later: Promise<unknown>[] = [];
      const send = async (path: string) => {
        const headers = { "x-forwarded-for": "203.0.113.9" };
        const request = new Request(`http://app.example${path}`, { headers });
        const answer = await guard(request, { waitUntil: (work) => later.push(work) });
        return { answer, before: calls.splice(0) };
      };
      const after = async () => {
        await Promise.all(later.splice(0));
        return calls.splice(0);
      };
      return { send, after, calls };
    }

    test("an optimistic rule calls the store for the first request, and reports the next ones after the response", async () => {
      const { send, after } = counted();
      expect(await send("/quick")).toMatchObject({ before: ["take"] });
      await after();
      const second = await send("/quick");
      expect(second.before).toEqual([]);
      expect(second.answer.headers.get("ratelimit")).toMatch(/^"quick:ip:minute";r=18;t=\d+$/);
      expect(second.answer.headers.get("ratelimit-policy")).toBe('"quick:ip:minute";q=20;w=60');
      expect(await after()).toEqual(["report"]);
      const third = await send("/quick");
      expect(third.before).toEqual([]);
      expect(third.answer.headers.get("ratelimit")).toMatch(/^"quick:ip:minute";r=17;/);
    });

    test("an optimistic rule calls the store near the limit, and the limit holds", async () => {
      const { send, after } = counted();
      const seen: string[] = [];
      for (let i = 0; i < 22; i += 1) {
        const { answer, before } = await send("/quick");
        const room = /r=(\d+)/.exec(answer.headers.get("ratelimit") ?? "")?.[1];
        seen.push(`${answer.status} ${room} ${before.join()}`);
        await after();
      }
      expect(seen[0]).toBe("200 19 take");
      expect(seen.slice(1, 18)).toEqual(Array.from({ length: 17 }, (_, i) => `200 ${18 - i} `));
      expect(seen.slice(18)).toEqual(["200 1 take", "200 0 take", "429 0 take", "429 0 "]);
    });

    test.each(["/quick/too", "/quick/seen"])(
      "%s: an optimistic rule beside a strict rule, or one in shadow, calls the store",
      async (path) => {
        const { send, after } = counted();
        for (let i = 0; i < 3; i += 1) {
          expect((await send(path)).before).toEqual(["take"]);
          expect(await after()).toEqual([]);
        }
      },
    );
  });

  test("a failed report is an event, and the next request calls the store", async () => {
    const { options, events } = gateOptions(store);
    let isAway = false;
    const redis = {
      ...options.redis,
      evalsha: (...call: Parameters<typeof options.redis.evalsha>) =>
        isAway ? Promise.reject(new Error("lost")) : options.redis.evalsha(...call),
    };
    const { send } = gate({ redis, onEvent: options.onEvent });
    expect(passed(await send("/quick"))).toBe(true);
    isAway = true;
    expect(passed(await send("/quick"))).toBe(true);
    expect(events.at(-1)).toMatchObject({
      kind: "failure",
      during: "report",
    });
    isAway = false;
    expect(passed(await send("/quick"))).toBe(true);
    const decisions = events.flatMap((event) =>
      event.kind === "decision" ? [event.decision] : [],
    );
    expect(decisions.map((decision) => decision.counted)).toEqual([
      "in-store",
      "after-answer",
      "in-store",
    ]);
  });

  test("the gate counts a user by name, and other clients by address", async () => {
    const { send } = gate();
    const room = async (headers: Record<string, string>) =>
      /"search:user\|ip:hour";r=(\d+)/.exec(
        (await send("/api/search", headers)).headers.get("ratelimit") ?? "",
      )?.[1];
    expect(await room({ "x-user": "ada" })).toBe("2");
    expect(await room({ "x-user": "ada", "x-forwarded-for": "203.0.113.10" })).toBe("1");
    expect(await room({ "x-user": "bob", "x-forwarded-for": "203.0.113.11" })).toBe("2");
    expect(await room({ "x-forwarded-for": "203.0.113.12" })).toBe("2");
  });

  test("the gate counts all addresses of one IPv6 network as one client", async () => {
    const { send } = gate();
    await send("/api/search", { "x-forwarded-for": "2001:db8:1:2::1" });
    await send("/api/search", { "x-forwarded-for": "2001:db8:1:2:ffff::2" });
    expect((await send("/api/search", { "x-forwarded-for": "2001:db8:1:2::3" })).status).toBe(429);
    expect(passed(await send("/api/search", { "x-forwarded-for": "2001:db8:1:3::1" }))).toBe(true);
  });

  test("the gate counts the address when an identity cannot be resolved, and reports it", async () => {
    const { send, events } = gate();
    expect(passed(await send("/broken"))).toBe(true);
    expect((await send("/broken")).status).toBe(429);
    expect(events.filter(({ kind }) => kind === "failure")).toMatchObject([
      { during: "identity", name: "broken" },
      { during: "identity", name: "broken" },
    ]);
  });

  test("the gate counts all requests without an address as one client, and reports it", async () => {
    const { send, events } = gate();
    const nameless = ["", "unknown", "x", "1.2.3", "999.1.1.1"];
    for (const claim of nameless) await send("/api/other", { "x-forwarded-for": claim });
    const refused = await send("/api/other", { "x-forwarded-for": "none" });
    expect(refused.status).toBe(429);
    expect((await send("/api/other")).headers.get("ratelimit")).toMatch(/^"api:ip:minute";r=4;/);
    await send("/named", { "x-forwarded-for": "", "x-user": "ada" });
    const decisions = events.filter((event) => event.kind === "decision");
    expect(decisions.map(({ addressKnown }) => addressKnown)).toEqual([
      ...nameless.map(() => false),
      false,
      true,
      true,
    ]);
    expect(events.filter(({ kind }) => kind === "address")).toEqual([
      expect.objectContaining({ code: "CLIENT_ADDRESS_HEADER_ABSENT" }),
    ]);
  });

  test("the gate counts IPv6 by ipv6Prefix", async () => {
    const { send } = gate({ ipv6Prefix: 56 });
    const from = (address: string) => send("/api/other", { "x-forwarded-for": address });
    const rooms = [];
    for (const address of ["2001:db8:0:1::1", "2001:db8:0:ff::1", "2001:db8:0:100::1"]) {
      rooms.push((await from(address)).headers.get("ratelimit")?.split(";t")[0]);
    }
    expect(rooms).toEqual(['"api:ip:minute";r=4', '"api:ip:minute";r=3', '"api:ip:minute";r=4']);
  });

  test("responses do not show a global limit, unless showGlobalLimits is set", async () => {
    const { send } = gate();
    const first = await send("/shop");
    expect(first.headers.get("ratelimit-policy")).toBe('"shop:ip:minute";q=5;w=60');
    expect(first.headers.get("ratelimit")).toMatch(/^"shop:ip:minute";r=4;/);
    await send("/shop", { "x-forwarded-for": "198.51.100.1" });
    const refused = await send("/shop");
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(refused.headers.has("ratelimit")).toBe(false);
    expect(await refused.json()).not.toHaveProperty("violated-policies");

    await send("/all");
    const all = await send("/all");
    expect(all.status).toBe(429);
    expect(all.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(all.headers.has("ratelimit-policy")).toBe(false);

    const open = gate({ showGlobalLimits: true });
    const shown = await open.send("/shop");
    expect(shown.headers.get("ratelimit")).toContain('"shop:global:minute";r=1');
  });

  test("the gate reports each decision after the response", async () => {
    const { send, events } = gate();
    await send("/api/search");
    expect(events).toMatchObject([
      { kind: "decision", rules: ["api", "search"], decision: { reason: "within-limit" } },
    ]);
    expect(events[0]).toHaveProperty("tookMs", expect.any(Number));
  });

  test("the gate allows requests although a listener throws or rejects", async () => {
    const now = () => {
      throw new Error("the listener's own");
    };
    const later = () => Promise.reject(new Error("the listener's own"));
    for (const onEvent of [now, later]) {
      expect(passed(await gate({ onEvent }).send("/api/search"))).toBe(true);
    }
  });

  test("the gate reports the decision of a request whose app throws", async () => {
    const { send, events } = gate({}, () => {
      throw new Error("the app's own");
    });
    await expect(send("/api/search")).rejects.toThrow("the app's own");
    await expect.poll(() => events.map(({ kind }) => kind)).toEqual(["decision"]);
  });

  test("the gate adds its headers to a response with immutable headers", async () => {
    const { send } = gate({}, () => Response.redirect("http://app.example/elsewhere"));
    const answer = await send("/api/search");
    expect(answer.status).toBe(302);
    expect(answer.headers.get("location")).toBe("http://app.example/elsewhere");
    expect(answer.headers.get("ratelimit")).toContain('"search:ip:minute";r=1');
  });

  test("the rule's onStoreFailure decides when the store fails", async () => {
    const { options } = gateOptions({ url: "http://127.0.0.1:1", token: "no-store-is-there" });
    const { send, events } = gate({ redis: options.redis });
    const open = await send("/api/search");
    expect(passed(open)).toBe(true);
    expect(open.headers.has("ratelimit")).toBe(false);
    expect((await send("/closed")).status).toBe(503);
    expect(events).toMatchObject([
      { decision: { reason: "store-failed", allowed: true } },
      { decision: { allowed: false } },
    ]);
  });

  test("every key of the gate is in its namespace, hashed, with a time to live", async () => {
    const { send, namespace } = gate();
    await send("/api/search", { "x-user": "ada" });
    const redis = new Redis(store.redis.url);
    try {
      const keys = await redis.keys(`${namespace}:*`);
      expect(keys).toHaveLength(3);
      for (const key of keys) {
        expect(key).toMatch(/:rate_limit:\{[\w-]{22}\}:(?:api|search):/);
        expect(await redis.pttl(key)).toBeGreaterThan(0);
      }
    } finally {
      redis.disconnect();
    }
  });

  test("createGate throws for a policy that cannot be used", () => {
    const { options } = gateOptions(store);
    expect(() => createGate({ rules: { a: { limits: {} } } }, options)).toThrow(
      expect.objectContaining({
        code: "POLICY_INVALID",
        message: expect.stringContaining("NO_LIMITS"),
      }),
    );
  });
});

test("all reports are passed to waitUntil, so that no runtime ends before them", async () => {
  const { options } = gateOptions(store);
  const heard: string[] = [];
  const guard = createGate(policy, {
    ...options,
    onEvent: (event) => heard.push(event.kind === "failure" ? event.during : event.kind),
    onDenied: () => {
      throw new Error("the hook fails");
    },
  });
  const later: Promise<unknown>[] = [];
  const send = () =>
    guard(new Request("http://app.example/broken"), { waitUntil: (work) => later.push(work) });
  await send();
  expect((await send()).status).toBe(429);
  // One for each decision with the events before it, and one for the hook.
  expect(later).toHaveLength(3);
  await Promise.all(later);
  expect(heard.toSorted((a, b) => a.localeCompare(b))).toEqual([
    "address",
    "decision",
    "decision",
    "denied-hook",
    "identity",
    "identity",
    "near-limit",
  ]);
});
