import { describe, expect, test } from "vitest";
import { logEvents } from "#lib/observe/log";
import { BLOCKED, from, listedGates } from "../support/client-lists.ts";

const { gate, scriptsRun } = listedGates();

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
