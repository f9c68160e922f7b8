import { expect, test } from "vitest";
import { createGate } from "#lib/gate";
import { gateOptions } from "../support/options.ts";
import { gatesOn, passed } from "../support/gate-of-rules.ts";
import { liveStore } from "../support/live-store.ts";

const live = liveStore();
const gate = gatesOn(live);

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
  const { options } = gateOptions(live.store);
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
  const { options } = gateOptions(live.store);
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
  const decisions = events.flatMap((event) => (event.kind === "decision" ? [event.decision] : []));
  expect(decisions.filter(({ remembered }) => remembered)).toHaveLength(4);
  expect((await send("/burst", { "x-forwarded-for": "203.0.113.10" })).status).toBe(200);
  await expect.poll(async () => (await send("/burst")).status, { timeout: 10_000 }).toBe(200);
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
  const keys = await live.direct.keys(`${namespace}:*`);
  expect(keys).toHaveLength(3);
  for (const key of keys) {
    expect(key).toMatch(/:rate_limit:\{[\w-]{22}\}:(?:api|search):/);
    expect(await live.direct.pttl(key)).toBeGreaterThan(0);
  }
});

test("createGate throws for a policy that cannot be used", () => {
  const { options } = gateOptions(live.store);
  expect(() => createGate({ rules: { a: { limits: {} } } }, options)).toThrow(
    expect.objectContaining({
      code: "POLICY_INVALID",
      message: expect.stringContaining("NO_LIMITS"),
    }),
  );
});
