import { AssertionError } from "node:assert";
import { describe, expect, test } from "vitest";
import { defineIdentities, definePolicy } from "headgate";
import { createTestGate, expectAllowed, expectDenied } from "headgate/testing";

const identities = defineIdentities({
  user: (request) => /(?:^|; )user=(\w+)/.exec(request.headers.get("cookie") ?? "")?.[1],
});

const policy = definePolicy({
  identities,
  defaults: { headers: "always" },
  rules: {
    search: { match: "/api/search", limits: { ip: ["3 per minute", "5 per hour"] } },
    own: { match: "/own", limits: { user: "2 per minute", ip: "50 per minute" } },
    all: { match: "/all", limits: { global: "2 per minute" } },
    quick: { match: "/quick", limits: { ip: "20 per minute" }, admit: "optimistic" },
    closed: { match: "/closed", limits: { ip: "9 per minute" }, onStoreFailure: "deny" },
    upload: { match: "/upload", limits: { ip: "9 per minute" }, maxBody: "1 kB" },
    quiet: { match: "/quiet", limits: { ip: "9 per minute" }, headers: "denied" },
  },
});

const [ONE, OTHER] = ["203.0.113.7", "203.0.113.8"];

describe("exhaust", () => {
  test("exhaust uses up every limit of a rule for one client, and for no other", async () => {
    const gate = createTestGate(policy);
    await gate.exhaust("search", { ip: ONE });
    expectDenied(await gate.send("/api/search", { ip: ONE }), { rule: "search", retryAfter: 3600 });
    expectAllowed(await gate.send("/api/search", { ip: OTHER }), { remaining: 2 });
    expect(await gate.limits.peek("search", { ip: ONE })).toMatchObject({ allowed: false });
  });

  test("exhaust uses up one limit by its name", async () => {
    const gate = createTestGate(policy);
    await gate.exhaust("search", {}, "search:ip:minute");
    expectDenied(await gate.send("/api/search"), { rule: "search", retryAfter: "1 minute" });
    await gate.advance("1 minute");
    expectAllowed(await gate.send("/api/search"), { remaining: 2 });
  });

  test("exhaust uses up the limit of an identity of the request", async () => {
    const gate = createTestGate(policy);
    await gate.exhaust("own", { user: "ada" }, "own:user:minute");
    expectDenied(await gate.send("/own", { cookies: { theme: "dark", user: "ada" } }));
    expectAllowed(await gate.send("/own", { cookies: { user: "bob" } }), { rule: "own" });
  });

  test("exhaust uses up a limit that all clients share", async () => {
    const gate = createTestGate(policy, { showGlobalLimits: true });
    await gate.exhaust("all");
    expectDenied(await gate.send("/all", { ip: OTHER }), { rule: "all" });
  });

  test("exhaust works for an optimistic rule that has just allowed a request, and makes no event", async () => {
    const gate = createTestGate(policy);
    expectAllowed(await gate.send("/quick"));
    const before = await gate.events();
    await gate.exhaust("quick");
    expect(await gate.events()).toEqual(before);
    expectDenied(await gate.send("/quick"), { rule: "quick" });
  });

  test("exhaust throws while the store is down, because local counts decide then", async () => {
    const gate = createTestGate(policy);
    gate.storeIs("down");
    await expect(gate.exhaust("search")).rejects.toMatchObject({ code: "LIMIT_BAD_ARGUMENT" });
    gate.storeIs("up");
    await gate.exhaust("search");
    expectDenied(await gate.send("/api/search"));
  });

  test("exhaust names the known rules and limits when it is given another", async () => {
    const gate = createTestGate(policy);
    // @ts-expect-error -- no rule has this name
    await expect(gate.exhaust("serach")).rejects.toMatchObject({
      code: "LIMIT_UNKNOWN_RULE",
      message: expect.stringContaining("search, own") as string,
    });
    await expect(gate.exhaust("search", {}, "search:ip:day")).rejects.toMatchObject({
      code: "LIMIT_BAD_ARGUMENT",
      message: expect.stringContaining("search:ip:minute, search:ip:hour") as string,
    });
  });
});

describe("send", () => {
  test("send sends all parts of a request, and resolves after the work that follows the response", async () => {
    const heard: string[] = [];
    const gate = createTestGate(policy, {
      onEvent: ({ kind }) => void heard.push(kind),
      next: (request) => Response.json({ method: request.method, url: request.url }),
    });
    const about = { method: "POST", headers: { "x-a": "1" }, cookies: { user: "ada" }, body: "hi" };
    const request = gate.request("/own?q=1", about);
    expect([request.headers.get("cookie"), request.headers.get("x-a")]).toEqual(["user=ada", "1"]);
    const response = await gate.send(request);
    expect(await response.json()).toEqual({ method: "POST", url: "http://localhost/own?q=1" });
    expect(heard).toContain("decision");
  });

  test("send sends the length of a text body, so that a rule can bound it", async () => {
    const gate = createTestGate(policy);
    const post = (body: string) => gate.send("/upload", { method: "POST", body });
    expectAllowed(await post("x".repeat(1024)));
    expectDenied(await post("x".repeat(1025)), { status: 413 });
  });

  test("send returns 503 when the store is down and the rule denies", async () => {
    const gate = createTestGate(policy);
    gate.storeIs("down");
    expectDenied(await gate.send("/closed"), { status: 503 });
    gate.storeIs("up");
    expectAllowed(await gate.send("/closed"), { remaining: 8 });
  });

  test("the clock begins at the time that a test gives", async () => {
    const gate = createTestGate(policy, { startsAt: new Date("2030-05-01T12:00:00Z") });
    const { at } = await gate.limits.limit("search", { ip: ONE });
    expect(at).toBe(Date.UTC(2030, 4, 1, 12));
  });

  test("advance rejects a negative time", async () => {
    const gate = createTestGate(policy);
    for (const time of [-1, Number.NaN, "a while"]) {
      await expect(gate.advance(time)).rejects.toMatchObject({ code: "LIMIT_BAD_ARGUMENT" });
    }
  });

  test("createTestGate throws for an invalid policy", () => {
    const broken = definePolicy({
      rules: { a: { match: "/a", limits: { ip: "5 per fortnight" } } },
    });
    expect(() => createTestGate(broken)).toThrow(/fortnight/);
  });
});

/** Returns the error of a failing expectation. */
function failureOf(expectation: () => void): AssertionError {
  try {
    expectation();
  } catch (error) {
    if (error instanceof AssertionError) return error;
    throw error;
  }
  throw new Error("It holds.");
}

describe("failing expectations", () => {
  test("failing expectations have the expected and the actual value", async () => {
    const gate = createTestGate(policy);
    const allowed = await gate.send("/api/search");
    await gate.exhaust("search");
    const denied = await gate.send("/api/search");
    const messages = [
      () => expectDenied(allowed),
      () => expectDenied(denied, { rule: "sear" }),
      () => expectDenied(denied, { retryAfter: 60 }),
      () => expectAllowed(denied),
      () => expectAllowed(allowed, { remaining: 3 }),
      () => expectAllowed(allowed, { rule: "own" }),
    ].map((expectation) => failureOf(expectation).message);
    expect(messages).toEqual([
      "expectDenied: status of a response with status 200 must be 429, not 200.",
      "expectDenied: a limit without capacity in RateLimit of a response with status 429 must be one of the rule sear, not search:ip:minute, search:ip:hour.",
      "expectDenied: Retry-After in seconds of a response with status 429 must be 60, not 3600.",
      "expectAllowed: status of a response with status 429 must be one of an allowed request, not 429.",
      "expectAllowed: what is left of a limit of a response with status 200 must be 3, not 2.",
      'expectAllowed: RateLimit of a response with status 200 must be a limit of the rule own; GET shows it with headers: "always", not none.',
    ]);
  });

  test("failing expectations have both values and the place of the call for the report of a framework", async () => {
    const response = await createTestGate(policy).send("/quiet");
    const { expected, actual, stack } = failureOf(() => expectDenied(response));
    expect([expected, actual]).toEqual([429, 200]);
    expect(stack).toContain("gate.test.ts");
    expect(stack).not.toContain("testing/expect.ts");
  });

  test("expectDenied rejects a retryAfter that is not a length of time", async () => {
    const gate = createTestGate(policy);
    await gate.exhaust("search");
    const denied = await gate.send("/api/search");
    expect(() => expectDenied(denied, { retryAfter: "soon" })).toThrow(TypeError);
  });
});
