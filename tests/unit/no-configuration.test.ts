import { createHeadgate, definePolicy, fromEnv, type HeadgateEvent, logEvents } from "headgate";
import { createLocks } from "headgate/locks";
import { countEvents } from "headgate/metrics";
import { upstashLimits } from "headgate/upstash";
import { redisOf } from "headgate/redis";
import { memoryLimits } from "headgate/memory";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { GateSettings } from "#lib/create";
import type { Variables } from "#lib/core/settings";

const policy = definePolicy({
  identities: { user: (request) => request.headers.get("x-user") ?? undefined },
  rules: {
    open: { match: "/open", limits: { ip: "2 per minute" }, headers: "always" },
    closed: { match: "/closed", limits: { ip: "2 per minute" }, onStoreFailure: "deny" },
    local: { match: "/local", limits: { ip: "2 per minute" }, onStoreFailure: "local" },
    named: { match: "/named", limits: { user: "1 per minute" }, onStoreFailure: "deny" },
    quick: { match: "/quick", limits: { ip: "2 per minute" }, admit: "optimistic" },
    trial: { match: "/trial", limits: { ip: "1 per minute" }, mode: "shadow" },
  },
});

const DEVELOPMENT = { NODE_ENV: "development" };
const PRODUCTION = { NODE_ENV: "production", CLIENT_IP_FROM: "hops:1" };
const printed: string[] = [];

beforeEach(() => {
  printed.length = 0;
  vi.spyOn(console, "error").mockImplementation((line) => void printed.push(String(line)));
  // Printed lines are recorded for the whole process.
  for (const key of Object.getOwnPropertySymbols(globalThis)) {
    if (Symbol.keyFor(key)?.includes(" ")) Reflect.deleteProperty(globalThis, key);
  }
});

/** Returns a gate with these variables and no others, its events and its log lines. */
function gateWith(variables: Variables, more: Partial<GateSettings> = {}) {
  const events: HeadgateEvent[] = [];
  const lines: string[] = [];
  const log = logEvents((line) => lines.push(line));
  const gate = createHeadgate(policy, () => ({
    ...fromEnv(variables),
    onEvent: [log, (event) => events.push(event)],
    ...more,
  }));
  async function send(path: string, headers: Readonly<Record<string, string>> = {}) {
    const later: Promise<unknown>[] = [];
    const request = new Request(`http://app.example${path}`, {
      headers: { "x-forwarded-for": "203.0.113.9", ...headers },
    });
    const response = await gate.middleware(request, { waitUntil: (work) => later.push(work) });
    await Promise.all(later);
    return response;
  }
  async function statuses(path: string, headers?: Readonly<Record<string, string>>) {
    const found: number[] = [];
    for (let i = 0; i < 3; i += 1) found.push((await send(path, headers)).status);
    return found;
  }
  return { gate, events, lines, send, statuses };
}

describe("development without a store", () => {
  test("development without a store counts in this process, prints that once, and reports no failure", async () => {
    const { gate, events, lines, send, statuses } = gateWith(DEVELOPMENT);
    expect(() => gate.check()).not.toThrow();
    expect(printed).toEqual([]);
    expect((await send("/open")).headers.get("ratelimit")).toBe('"open:ip:minute";r=1;t=60');
    expect((await send("/open")).status).toBe(200);
    const denied = await send("/open");
    expect(denied.status).toBe(429);
    expect(denied.headers.get("retry-after")).toMatch(/^(?:59|60)$/);
    expect(await statuses("/closed")).toEqual([200, 200, 429]);
    expect(await statuses("/quick")).toEqual([200, 200, 429]);
    await send("/trial");
    await send("/trial");
    expect(printed).toEqual([
      "headgate: no store is named, so limits are counted in this process: set UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN to count for all instances.",
    ]);
    expect(new Set(events.map(({ kind }) => kind))).toEqual(new Set(["decision", "near-limit"]));
    const decisions = events.flatMap((each) => (each.kind === "decision" ? each.decision : []));
    expect(decisions.filter(({ error }) => error)).toEqual([]);
    expect(decisions.at(-1)?.shadows[0]?.allowed).toBe(false);
    expect(lines.filter((line) => !/"event":"(?:shadow-)?denied"/.test(line))).toEqual([]);
  });

  test("development without a store prints its line once for all gates of a process", async () => {
    await gateWith(DEVELOPMENT).send("/open");
    await gateWith(DEVELOPMENT).gate.limits.peek("open", { ip: "203.0.113.9" });
    expect(printed).toHaveLength(1);
  });

  test("development without a store replaces a limitStore that needs a connection, and keeps one that does not", async () => {
    const counters = countEvents({ windowMs: 100 });
    const own = gateWith(DEVELOPMENT, { limitStore: upstashLimits, counters });
    expect(await own.statuses("/open")).toEqual([200, 200, 429]);
    expect(own.events.filter(({ kind }) => kind === "store" || kind === "failure")).toEqual([]);
    const memory = memoryLimits()();
    const given = gateWith(DEVELOPMENT, { limitStore: () => memory });
    await given.send("/open");
    expect(given.gate.options.limitStore).toBe(memory);
  });

  test("development without a store has no locks and commands, and their error names the variables to set", async () => {
    const { gate } = gateWith(DEVELOPMENT);
    const words = /^No store is named, .*set UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN/;
    await expect(redisOf(gate).get("key")).rejects.toThrow(words);
    await expect(createLocks(gate).acquireLock("key", 5)).resolves.toBeNull();
    expect(gate.unobserved.rest).toBeUndefined();
  });

  test("development without a store and with HEADGATE_MODE=off counts nothing and prints nothing", async () => {
    const { statuses } = gateWith({ ...DEVELOPMENT, HEADGATE_MODE: "off" });
    expect(await statuses("/open")).toEqual([200, 200, 200]);
    expect(printed).toEqual([]);
  });
});

describe("production without a store", () => {
  test("ends a start with the reason", () => {
    expect(() => gateWith(PRODUCTION).gate.check()).toThrow(/UPSTASH_REDIS_REST_URL must be set/);
    expect(printed).toEqual([]);
  });

  test("production without a store does not fail the check on Vercel, which has no start", async () => {
    const { gate, statuses } = gateWith({ NODE_ENV: "production", VERCEL: "1" });
    expect(() => gate.check()).not.toThrow();
    expect(printed).toEqual([]);
    expect(await statuses("/open")).toEqual([200, 200, 200]);
    expect(printed).toHaveLength(1);
  });

  test("production without a store prints one line, makes no store call, and each rule's onStoreFailure decides", async () => {
    const { events, lines, send, statuses, gate } = gateWith(PRODUCTION);
    expect(await statuses("/open")).toEqual([200, 200, 200]);
    expect((await send("/closed")).status).toBe(503);
    expect(await statuses("/local")).toEqual([200, 200, 429]);
    expect((await send("/local", { "x-forwarded-for": "203.0.113.10" })).status).toBe(200);
    expect(await statuses("/quick")).toEqual([200, 200, 200]);
    expect((await send("/without-a-rule")).status).toBe(200);
    expect(await gate.limits.limit("closed", { ip: "203.0.113.9" })).toMatchObject({
      allowed: false,
      reason: "store-failed",
      error: { code: "ENV_INVALID" },
    });
    expect(printed).toEqual([
      expect.stringMatching(
        /^headgate: The environment cannot be used\. UPSTASH_REDIS_REST_URL must be set .*onStoreFailure decides\.$/,
      ),
    ]);
    expect(lines).toEqual([]);
    expect(new Set(events.map(({ kind }) => kind))).toEqual(new Set(["decision", "near-limit"]));
  });

  test("production without a store does not call connect, since no secret would key the hashes", async () => {
    const connect = vi.fn<() => never>();
    const { send, gate } = gateWith(PRODUCTION, { connect });
    expect((await send("/closed")).status).toBe(503);
    await expect(redisOf(gate).get("key")).rejects.toThrow(/^No store is named/);
    expect(connect).not.toHaveBeenCalled();
  });

  test("production with half of a store throws at each request", async () => {
    const { send } = gateWith({ ...PRODUCTION, UPSTASH_REDIS_REST_URL: "https://store.example" });
    await expect(send("/open")).rejects.toMatchObject({ code: "ENV_INVALID" });
  });
});

describe("production without a source of addresses", () => {
  const store = memoryLimits()();
  const settings = () =>
    gateWith(
      {
        NODE_ENV: "production",
        UPSTASH_REDIS_REST_URL: "http://127.0.0.1:9",
        UPSTASH_REDIS_REST_TOKEN: "token",
      },
      { limitStore: () => store },
    );

  test("ends a start with the reason", () => {
    expect(() => settings().gate.check()).toThrow(
      expect.objectContaining({ code: "CLIENT_ADDRESS_UNKNOWN" }),
    );
  });

  test("production without a source of addresses does not count all clients as one: onStoreFailure decides, and local allows", async () => {
    const { statuses, lines } = settings();
    expect(await statuses("/open")).toEqual([200, 200, 200]);
    expect(await statuses("/closed")).toEqual([503, 503, 503]);
    expect(await statuses("/local")).toEqual([200, 200, 200]);
    expect(printed).toEqual([
      expect.stringMatching(/^headgate: Nothing says where the client's address comes from: /),
    ]);
    expect(lines.filter((line) => line.includes("store-failed"))).toEqual([]);
  });

  test("production without a source of addresses and a store leaves decisions to onStoreFailure", async () => {
    const { statuses } = gateWith({ NODE_ENV: "production" });
    expect(await statuses("/local")).toEqual([200, 200, 200]);
    expect(await statuses("/closed")).toEqual([503, 503, 503]);
  });

  test("production without a source of addresses counts limits that need no address in the store", async () => {
    const { statuses, gate } = settings();
    expect(await statuses("/named", { "x-user": "ada" })).toEqual([200, 429, 429]);
    expect(await statuses("/named")).toEqual([503, 503, 503]);
    const client = { ip: "203.0.113.9" };
    expect((await gate.limits.limit("closed", client)).allowed).toBe(true);
    expect((await gate.limits.peek("closed", client)).limits[0]?.remaining).toBe(1);
  });
});
