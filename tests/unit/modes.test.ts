import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createGate } from "#lib/gate";
import { createLimits } from "#lib/limits";
import { defineIdentities, definePolicy } from "#lib/policy/define";
import { senderTo } from "../support/gate-sender.ts";
import { startStore, type TestStore } from "../support/gateway.ts";
import { gateOptions } from "../support/options.ts";

const policy = definePolicy({
  identities: defineIdentities({
    user: (request) => request.headers.get("x-user") ?? undefined,
    plan: (request) => request.headers.get("x-plan") ?? undefined,
  }),
  defaults: { headers: "always" },
  rules: {
    export: {
      match: "/export",
      tiers: { plan: { free: { user: "1 per hour" }, pro: { user: "150 per hour" } } },
    },
    trial: { match: "/trial", limits: { ip: "2 per hour" }, mode: "shadow" },
    strict: { match: "/trial", limits: { ip: "3 per hour" } },
    rollout: { match: "/rollout", limits: { ip: "1 per hour" }, mode: "25%" },
    everyone: { match: "/everyone", limits: { global: "1 per hour" }, mode: "50%" },
    code: { limits: { user: "1 per hour" }, mode: "shadow" },
  },
});

let store: TestStore;

beforeAll(async () => {
  store = await startStore();
});
afterAll(() => store?.stop());

function gate(options = gateOptions(store)) {
  const guard = createGate(policy, options.options);
  const sendToGate = senderTo(guard);
  const send = (path: string, headers: Record<string, string> = {}) =>
    sendToGate(path, { headers });
  return { send, ...options };
}

const address = (n: number) => ({ "x-forwarded-for": `203.0.${n >> 8}.${n & 255}` });

describe("tiers", () => {
  test("a tier is chosen for each request, and an upgraded client keeps its used units", async () => {
    const { send } = gate();
    const ada = { "x-user": "ada" };
    expect((await send("/export", ada)).headers.get("ratelimit-policy")).toBe(
      '"export:user:hour";q=1;w=3600',
    );
    expect((await send("/export", ada)).status).toBe(429);
    const upgraded = await send("/export", { ...ada, "x-plan": "pro" });
    expect(upgraded.status).toBe(200);
    expect(upgraded.headers.get("ratelimit")).toMatch(/^"export:user:hour";r=148;/);
    expect((await send("/export", { ...ada, "x-plan": "free" })).status).toBe(429);
  });
});

describe("a rule in shadow", () => {
  test("a rule in shadow denies no request, is in no header, and its outcome is reported", async () => {
    const { send, events } = gate();
    const statuses: number[] = [];
    for (let i = 0; i < 4; i += 1) {
      const answer = await send("/trial");
      statuses.push(answer.status);
      expect(answer.headers.get("ratelimit-policy")).toBe('"strict:ip:hour";q=3;w=3600');
      expect(answer.headers.get("ratelimit")).not.toContain("trial");
    }
    expect(statuses).toEqual([200, 200, 200, 429]);
    const outcomes = events.flatMap((event) =>
      event.kind === "decision" ? event.decision.shadows : [],
    );
    expect(outcomes.map(({ rule, allowed }) => [rule, allowed])).toEqual([
      ["trial", true],
      ["trial", true],
      ["trial", false],
      ["trial", false],
    ]);
  });

  test("a rule in shadow is counted under separate keys", async () => {
    const { send, options } = gate();
    await send("/trial");
    const redis = new Redis(store.redis.url);
    const keys = await redis.keys(`${options.namespace}:*`);
    redis.disconnect();
    expect(keys.filter((key) => key.endsWith(":shadow"))).toHaveLength(1);
    expect(keys.filter((key) => key.includes(":trial:") && !key.endsWith(":shadow"))).toEqual([]);
  });

  test("a rule in shadow allows a call from code, returns its outcome, and can be refunded", async () => {
    const { options, events } = gateOptions(store);
    const { limit, peek, refund } = createLimits(policy, options);
    const first = await limit("code", { user: "ada" });
    expect(first).toMatchObject({ allowed: true, limits: [], shadows: [{ allowed: true }] });
    const second = await limit("code", { user: "ada" });
    expect(second).toMatchObject({ allowed: true, shadows: [{ rule: "code", allowed: false }] });
    expect(await refund(second)).toBe(0);
    expect((await peek("code", { user: "ada" })).shadows[0]?.allowed).toBe(false);
    expect(events).toHaveLength(2);
    expect(await refund(first)).toBe(1);
    expect((await limit("code", { user: "ada" })).shadows[0]?.allowed).toBe(true);
  });
});

describe("a percentage", () => {
  test("a percentage enforces a rule for about that share of the clients, always the same ones", async () => {
    const { send } = gate();
    const clients = Array.from({ length: 400 }, (_, i) => address(i));
    await Promise.all(clients.map((client) => send("/rollout", client)));
    const second = await Promise.all(clients.map((client) => send("/rollout", client)));
    const third = await Promise.all(clients.map((client) => send("/rollout", client)));
    const refused = second.filter(({ status }) => status === 429).length;
    // 25% of 400 clients are 100. The hash is fixed, so the number is the same in each run.
    expect(refused).toBeGreaterThan(70);
    expect(refused).toBeLessThan(130);
    expect(third.map(({ status }) => status)).toEqual(second.map(({ status }) => status));
  });

  test("a percentage of a global limit selects clients by address", async () => {
    const { send } = gate();
    const clients = Array.from({ length: 60 }, (_, i) => address(i));
    await Promise.all(clients.map((client) => send("/everyone", client)));
    const again = await Promise.all(clients.map((client) => send("/everyone", client)));
    const statuses = new Set(again.map(({ status }) => status));
    expect(statuses).toEqual(new Set([200, 429]));
  });
});
