import { describe, expect, test } from "vitest";
import type { HeadgateOptions } from "#lib/options";
import { createGate } from "#lib/gate";
import { createLimits } from "#lib/limits";
import type { HeadgateEvent } from "#lib/observe/events";
import { definePolicy } from "#lib/policy/define";
import { createRedis } from "#lib/redis/client";
import { liveStore } from "../support/live-store.ts";
import { gateOptions } from "../support/options.ts";

const policy = definePolicy({
  defaults: { headers: "always" },
  rules: {
    api: { match: "/api/:path*", limits: { ip: "100 per minute" } },
    costly: { match: "/api/costly", limits: { ip: "3 per hour" }, onStoreFailure: "local" },
    closed: { match: "/api/closed", limits: { ip: "3 per hour" }, onStoreFailure: "deny" },
    login: { limits: { ip: "2 per hour" }, onStoreFailure: "local" },
  },
});

const live = liveStore();

/** A gate and its limits, over a store that can be made unavailable. */
function gate(changes: Partial<HeadgateOptions> = {}) {
  const store = { isAway: false, calls: 0 };
  const send: typeof fetch = (...call) => {
    store.calls += 1;
    return store.isAway ? Promise.reject(new TypeError("fetch failed")) : fetch(...call);
  };
  const events: HeadgateEvent[] = [];
  const { url, token } = live.store;
  const options: HeadgateOptions = {
    ...gateOptions(live.store).options,
    redis: createRedis({ url, token, deadlineMs: 10_000, fetch: send }),
    onEvent: (event) => events.push(event),
    ...changes,
  };
  const guard = createGate(policy, options);
  const ask = async (path: string, address = "203.0.113.9") => {
    const later: Promise<unknown>[] = [];
    const headers = { "x-forwarded-for": address };
    const request = new Request(`http://app.example${path}`, { headers });
    const answer = await guard(request, { waitUntil: (work) => later.push(work) });
    await Promise.all(later);
    return answer;
  };
  const statuses = async (times: number, path: string) => {
    const answers: number[] = [];
    for (let i = 0; i < times; i += 1) answers.push((await ask(path)).status);
    return answers;
  };
  /** Waits until the breaker allows a call, by a request that no limit counts. */
  const back = async () => {
    store.isAway = false;
    await expect
      .poll(async () => (await ask("/api/x", "203.0.113.1")).headers.has("ratelimit"))
      .toBe(true);
  };
  return { store, events, ask, statuses, back, limits: createLimits(policy, options) };
}

describe("while the store is unavailable", () => {
  test("while the store is unavailable each rule decides by onStoreFailure, and only local rules count in the process", async () => {
    const { store, ask, statuses } = gate();
    store.isAway = true;
    expect(await statuses(5, "/api/x")).toEqual([200, 200, 200, 200, 200]);
    expect(await statuses(2, "/api/closed")).toEqual([503, 503]);
    const answers = [];
    for (let i = 0; i < 4; i += 1) answers.push(await ask("/api/costly"));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    expect(answers[0]?.headers.get("ratelimit")).toMatch(/^"costly:ip:hour";r=2;t=3600$/);
    expect(answers[3]?.headers.get("retry-after")).toMatch(/^3[56]\d\d$/);
    expect((await ask("/api/costly", "203.0.113.77")).status).toBe(200);
  });

  test("while the store is unavailable it gets few calls, and decisions name where they were counted", async () => {
    const { store, events, statuses } = gate();
    store.isAway = true;
    await statuses(50, "/api/costly");
    expect(store.calls).toBeLessThan(20);
    const decided = events.flatMap((event) => (event.kind === "decision" ? [event.decision] : []));
    expect(decided.map(({ counted }) => counted)).toEqual(decided.map(() => "in-process"));
    expect(decided.at(-1)).toMatchObject({
      reason: "over-limit",
      error: { code: expect.stringMatching(/^STORE_(?:NOT_TRIED|UNREACHABLE)$/) },
    });
  });

  test("requests that were counted in the process are counted in the store once when it is back", async () => {
    const { store, statuses, back, ask } = gate();
    expect(await statuses(1, "/api/costly")).toEqual([200]);
    store.isAway = true;
    expect(await statuses(2, "/api/costly")).toEqual([200, 200]);
    await back();
    expect(await statuses(2, "/api/costly")).toEqual([429, 429]);
    const calls = store.calls;
    await ask("/api/x");
    expect(store.calls).toBe(calls + 1);
  });

  test("calls from code are counted and refunded, and report the failure", async () => {
    const { store, limits } = gate();
    store.isAway = true;
    const client = { ip: "203.0.113.9" };
    const first = await limits.limit("login", client);
    expect(first).toMatchObject({
      allowed: true,
      reason: "within-limit",
      counted: "in-process",
      error: { code: "STORE_UNREACHABLE" },
    });
    expect((await limits.limit("login", client)).allowed).toBe(true);
    expect((await limits.peek("login", client)).limits[0]?.remaining).toBe(0);
    expect(await limits.limit("login", client)).toMatchObject({
      allowed: false,
      reason: "over-limit",
    });
    expect(await limits.refund(first)).toBe(1);
    expect(await limits.refund(first)).toBe(0);
    expect((await limits.limit("login", client)).allowed).toBe(true);
  });
});

describe("HEADGATE_MODE", () => {
  test("HEADGATE_MODE=shadow counts, denies no request, sends no headers, and reports to listeners", async () => {
    const { ask, statuses, events, limits } = gate({ mode: "shadow" });
    expect(await statuses(5, "/api/costly")).toEqual([200, 200, 200, 200, 200]);
    const answer = await ask("/api/costly");
    expect([answer.headers.has("ratelimit"), answer.headers.has("retry-after")]).toEqual([
      false,
      false,
    ]);
    expect(events.at(-1)).toMatchObject({
      mode: "shadow",
      decision: { allowed: false, reason: "over-limit" },
    });
    const client = { ip: "203.0.113.5" };
    const decisions = [];
    for (let i = 0; i < 3; i += 1) decisions.push(await limits.limit("login", client));
    expect(decisions.map(({ allowed, reason }) => [allowed, reason])).toEqual([
      [true, "within-limit"],
      [true, "within-limit"],
      [true, "over-limit"],
    ]);
    const [first] = decisions;
    expect(first && (await limits.refund(first))).toBe(1);
  });

  test("HEADGATE_MODE=shadow allows requests also when the store fails and a rule denies", async () => {
    const { store, statuses } = gate({ mode: "shadow" });
    store.isAway = true;
    expect(await statuses(2, "/api/closed")).toEqual([200, 200]);
  });

  test("HEADGATE_MODE=off calls no store and counts nothing", async () => {
    const { store, statuses, events, limits } = gate({ mode: "off" });
    expect(await statuses(5, "/api/costly")).toEqual([200, 200, 200, 200, 200]);
    expect(await limits.limit("login", { ip: "203.0.113.5" })).toMatchObject({
      allowed: true,
      reason: "switched-off",
      counted: "nowhere",
    });
    expect([store.calls, events]).toEqual([0, []]);
  });
});

describe("a denied request", () => {
  test("a denied request has the platform's request id in its event, and no other id that a client sends", async () => {
    const { events } = gate();
    const guard = createGate(policy, {
      ...gateOptions(live.store).options,
      onEvent: (event) => events.push(event),
    });
    const nameOf = async (name: string, value: string) => {
      events.length = 0;
      const headers = { "x-forwarded-for": "203.0.113.8", [name]: value };
      const later: Promise<unknown>[] = [];
      for (let i = 0; i < 4; i += 1) {
        const request = new Request("http://app.example/api/costly", { headers });
        await guard(request, { waitUntil: (work) => later.push(work) });
      }
      await Promise.all(later);
      const last = events.at(-1);
      return last?.kind === "decision" ? last.requestId : undefined;
    };
    const uuid = "0b1e6c1e-7d4c-4a55-9b0f-0a1a2b3c4d5e";
    expect(await nameOf("cf-ray", "8f1a2b3c4d5e6f70-LHR")).toBe("8f1a2b3c4d5e6f70-LHR");
    const vercel = "fra1::iad1::abcde-1700000000000-0123456789ab";
    expect(await nameOf("x-vercel-id", vercel)).toBe(vercel);
    expect(await nameOf("x-request-id", uuid)).toBe(uuid);
    expect(await nameOf("x-request-id", "ada@example.org")).toMatch(
      /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    );
  });
});
