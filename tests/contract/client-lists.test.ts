import { beforeEach, describe, expect, test } from "vitest";
import { createGate } from "#lib/gate";
import { createLimits } from "#lib/limits";
import { logEvents } from "#lib/observe/log";
import type { HeadgateOptions } from "#lib/options";
import { defineConditions, defineIdentities, definePolicy } from "#lib/policy/define";
import { senderTo } from "../support/gate-sender.ts";
import { liveStore } from "../support/live-store.ts";
import { gateOptions } from "../support/options.ts";

const TOKEN = "the monitor's own token";
const never = new Promise<boolean>(() => {});

const POLICY = definePolicy({
  identities: defineIdentities({
    user: (request) => request.headers.get("x-user") ?? undefined,
    account: "from-code",
  }),
  conditions: defineConditions({
    monitor: ({ headers }) => headers.get("authorization") === `Bearer ${TOKEN}`,
    slowly: async ({ headers }) => headers.get("x-slowly") === TOKEN,
    throws: ({ headers }) => {
      if (headers.has("x-throws")) throw new Error("no");
      return false;
    },
    late: ({ headers }) => (headers.has("x-late") ? never : false),
  }),
  exempt: { "/health": "requested every second" },
  allow: {
    "198.51.100.0/24": "our own network",
    "user:robot": "imports at night",
    "account:ours": "our own account",
    monitor: "checks uptime",
    slowly: "checks slowly",
    throws: "fails",
    late: "is late",
  },
  block: {
    "192.0.2.0/24": "tries stolen passwords",
    "user:mallory": "resells our data",
    "account:fraud": "does not pay",
    "user:robot": "is allowed all the same",
  },
  defaults: { headers: "always" },
  rules: {
    search: { match: "/search", limits: { ip: "2 per hour" } },
    upload: { match: "/upload", limits: { ip: "2 per hour" }, maxBody: 10 },
    code: { limits: { account: "2 per hour" } },
  },
});

const store = liveStore();

function gate(options: Partial<HeadgateOptions> = {}) {
  const made = gateOptions(store.store);
  const all = { ...made.options, identityDeadlineMs: 50, ...options };
  const send = senderTo(createGate(POLICY, all));
  return { send, limits: createLimits(POLICY, all), events: made.events };
}

const from = (ip: string, more: Record<string, string> = {}) => ({
  headers: { "x-forwarded-for": ip, ...more },
});
const BLOCKED = "192.0.2.7";
const ALLOWED = "198.51.100.7";

beforeEach(() => store.direct.config("RESETSTAT"));

/** Returns how many scripts Redis has run since the test began. */
async function scriptsRun(): Promise<number> {
  const stats = await store.direct.info("commandstats");
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
}

describe("a blocked client", () => {
  test("a blocked client gets a problem document, without a call of the store", async () => {
    const { send, events } = gate();
    const answer = await send("/search", from(BLOCKED));
    expect(answer.status).toBe(403);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(await answer.json()).toEqual({
      type: "about:blank",
      title: "Forbidden",
      status: 403,
      detail: "Requests from this client are not accepted.",
    });
    expect(await scriptsRun()).toBe(0);
    expect(events.map(({ kind }) => kind)).toEqual(["decision"]);
    expect((await send("/search", from("203.0.113.1"))).status).toBe(200);
    expect(await scriptsRun()).toBeGreaterThan(0);
  });

  test("a blocked client gets no limits and no time to wait, and its request has an id", async () => {
    const { send } = gate({ legacyHeaders: true });
    const { headers } = await send("/search", from(BLOCKED));
    const told = [...headers.keys()].filter((name) => /ratelimit|retry-after/.test(name));
    expect(told).toEqual([]);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });

  test.each([
    ["a path that no rule matches", "/about", "GET"],
    ["an exempt path", "/health", "GET"],
    ["a preflight", "/search", "OPTIONS"],
    ["a method that no rule names", "/search", "PURGE"],
  ])("a blocked client is blocked on %s", async (_, path, method) => {
    const { send } = gate();
    expect((await send(path, { method, ...from(BLOCKED) })).status).toBe(403);
    expect((await send(path, { method, ...from("203.0.113.1") })).status).toBe(200);
    expect(
      (await send(path, { method, ...from("203.0.113.1", { "x-user": "mallory" }) })).status,
    ).toBe(403);
  });

  test("a blocked client gets no body for HEAD, a page when it prefers one, and text for a Server Action", async () => {
    const { send } = gate();
    const head = await send("/search", { method: "HEAD", ...from(BLOCKED) });
    expect([head.status, await head.text()]).toEqual([403, ""]);
    const page = await send("/search", from(BLOCKED, { accept: "text/html" }));
    expect(page.headers.get("content-type")).toMatch(/^text\/html/);
    expect(await page.text()).toContain("<h1>Forbidden</h1>");
    const action = await send("/search", {
      method: "POST",
      ...from(BLOCKED, { "next-action": "0a" }),
    });
    expect([action.status, await action.text()]).toEqual([
      403,
      "Requests from this client are not accepted.",
    ]);
  });

  test("a blocked client gets the app's response of onDenied, with CORS headers", async () => {
    const { send } = gate({
      onDenied: (_, { reason, entry }) => Response.json({ reason, entry }, { status: 451 }),
      cors: { origins: ["https://shop.example"], exposedHeaders: [] },
    });
    const answer = await send("/search", from(BLOCKED, { origin: "https://shop.example" }));
    expect(answer.status).toBe(451);
    expect(await answer.json()).toEqual({ reason: "blocked", entry: "policy block 1" });
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://shop.example");
  });

  test("a blocked client is blocked before its body is read", async () => {
    const { send } = gate();
    const body = { method: "POST", body: "more than ten bytes" };
    expect((await send("/upload", { ...body, ...from(BLOCKED) })).status).toBe(403);
  });

  test("a blocked client is reported and allowed in shadow, and not checked when the gate is off", async () => {
    const shadow = gate({ mode: "shadow" });
    expect((await shadow.send("/about", from(BLOCKED))).status).toBe(200);
    expect(shadow.events).toMatchObject([
      { decision: { allowed: false, reason: "blocked" }, mode: "shadow" },
    ]);
    const off = gate({ mode: "off" });
    expect((await off.send("/search", from(BLOCKED))).status).toBe(200);
    expect((await off.limits.limit("code", { account: "fraud" })).reason).toBe("switched-off");
    expect(off.events).toEqual([]);
  });

  test("a blocked client has a log line with the entry, without an address or a name", async () => {
    const { send, events } = gate();
    await send("/search", from(BLOCKED));
    await send("/about", from("203.0.113.1", { "x-user": "mallory" }));
    const lines: string[] = [];
    const log = logEvents((line) => lines.push(line));
    for (const event of events) log(event);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      {
        event: "denied",
        reason: "blocked",
        entry: "policy block 1",
        rules: ["search"],
        clients: [expect.stringMatching(/^[\w-]{22}$/)],
        requestId: expect.any(String),
      },
      { event: "denied", reason: "blocked", entry: "policy block 2", rules: [], clients: [] },
    ]);
    expect(lines.join()).not.toMatch(/mallory|192\.0\.2/);
  });
});

describe("an allowed client", () => {
  test.each([
    ["by its address", from(ALLOWED), 1],
    ["by its user, who is blocked too", from("203.0.113.1", { "x-user": "robot" }), 2],
    ["by a condition", from("203.0.113.1", { authorization: `Bearer ${TOKEN}` }), 4],
    ["by a condition that waits", from("203.0.113.1", { "x-slowly": TOKEN }), 5],
    [
      "by a condition, from a blocked address",
      from(BLOCKED, { authorization: `Bearer ${TOKEN}` }),
      4,
    ],
  ])("an allowed client is not counted %s", async (_, init, place) => {
    const { send, events } = gate();
    for (let i = 0; i < 4; i += 1) {
      const answer = await send("/search", init);
      expect(answer.status).toBe(200);
      expect(answer.headers.has("ratelimit")).toBe(false);
    }
    expect(await scriptsRun()).toBe(0);
    expect(events).toHaveLength(4);
    expect(events[0]).toMatchObject({
      kind: "decision",
      rules: ["search"],
      decision: { reason: "allow-listed", entry: `policy allow ${place}`, counted: "nowhere" },
    });
  });

  test("an allowed client must not send a larger body than its rule permits", async () => {
    const { send } = gate();
    const sent = from(ALLOWED, { "content-length": "19" });
    const body = { method: "POST", body: "more than ten bytes", ...sent };
    expect((await send("/upload", body)).status).toBe(413);
  });
});

describe("a condition that fails", () => {
  test.each([
    ["throws", "no", undefined],
    ["late", "late was not resolved within 50 ms", "IDENTITY_TIMEOUT"],
  ])(
    "a condition that fails allows no client, and is reported: %s",
    async (name, message, code) => {
      const { send, events } = gate();
      const init = from("203.0.113.1", { [`x-${name}`]: "1" });
      const statuses = [];
      for (let i = 0; i < 3; i += 1) statuses.push((await send("/search", init)).status);
      expect(statuses).toEqual([200, 200, 429]);
      const failures = events.filter(({ kind }) => kind === "failure");
      expect(failures).toHaveLength(3);
      expect(failures[0]).toMatchObject({ during: "identity", name });
      const { error } = failures[0] as { readonly error: Error & { readonly code?: string } };
      expect(error.message).toContain(message);
      expect(error.code).toBe(code);
    },
  );

  test("a condition that is false is not reported as a missing identity", async () => {
    const { send, events } = gate();
    await send("/search", from("203.0.113.1", { cookie: "authjs.session-token=abc" }));
    expect(events.filter(({ kind }) => kind !== "decision" && kind !== "store")).toEqual([]);
  });
});

describe("a handler", () => {
  test("a handler's call denies a blocked client and allows an allowed one, without counting them", async () => {
    const { limits } = gate();
    const blocked = await limits.limit("code", { account: "fraud" });
    expect(blocked).toMatchObject({
      allowed: false,
      reason: "blocked",
      entry: "policy block 3",
      counted: "nowhere",
    });
    for (let i = 0; i < 4; i += 1) {
      const allowed = await limits.limit("code", { account: "ours" });
      expect(allowed).toMatchObject({ allowed: true, reason: "allow-listed" });
      expect(await limits.refund(allowed)).toBe(0);
    }
    expect(await limits.peek("code", { account: "fraud" })).toMatchObject({ reason: "blocked" });
    expect(await limits.limit("search", { ip: BLOCKED })).toMatchObject({ reason: "blocked" });
    expect(await scriptsRun()).toBe(0);
    expect(await limits.limit("code", { account: "ada" })).toMatchObject({
      allowed: true,
      reason: "within-limit",
    });
  });

  test("a handler's call allows a blocked client in shadow, with the reason", async () => {
    const { limits } = gate({ mode: "shadow" });
    const decision = await limits.limit("code", { account: "fraud" });
    expect(decision).toMatchObject({ allowed: true, reason: "blocked" });
  });

  test("a handler's call takes missing identities from the request, with its conditions", async () => {
    const { limits } = gate();
    const request = (headers: Record<string, string>) =>
      new Request("https://example.com/", { headers });
    expect(
      await limits.limit("code", { account: "ada" }, { request: request({ "x-user": "mallory" }) }),
    ).toMatchObject({ reason: "blocked", entry: "policy block 2" });
    const monitor = request({ authorization: `Bearer ${TOKEN}` });
    expect(await limits.limit("code", { account: "ada" }, { request: monitor })).toMatchObject({
      reason: "allow-listed",
      entry: "policy allow 4",
    });
  });

  test("a client cannot meet a condition of a handler's call by what it sends", async () => {
    const { limits } = gate();
    const sent = JSON.parse('{"account":"ada","monitor":"yes"}') as { account: string };
    expect(await limits.limit("code", sent)).toMatchObject({ reason: "within-limit" });
  });
});
