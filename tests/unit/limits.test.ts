import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLimits } from "#lib/limits";
import { defineIdentities, definePolicy } from "#lib/policy/define";
import { createRedis } from "#lib/redis/client";
import { createScriptStore } from "#lib/redis/script-store";
import { startStore, type TestStore } from "../support/gateway.ts";
import { gateOptions } from "../support/options.ts";

const policy = definePolicy({
  identities: defineIdentities({
    user: (request) => request.headers.get("x-user") ?? undefined,
    account: "from-code",
  }),
  rules: {
    "login-account": { limits: { account: "3 per 15 minutes" } },
    upload: { limits: { user: "10 per minute" }, cost: 2, algorithm: "sliding-window" },
    closed: { limits: { ip: "1 per minute" }, onStoreFailure: "deny" },
    quick: { limits: { ip: "100 per minute" }, admit: "optimistic" },
  },
});

let store: TestStore;

beforeAll(async () => {
  store = await startStore();
});
afterAll(() => store?.stop());

const fresh = () => createLimits(policy, gateOptions(store).options);

describe("limit", () => {
  test("limit counts the identity that the handler gives, and returns the state of the limit", async () => {
    const { limit } = fresh();
    const remaining: (number | undefined)[] = [];
    for (let i = 0; i < 3; i += 1) {
      const decision = await limit("login-account", { account: "ada" });
      expect(decision).toMatchObject({ allowed: true, reason: "within-limit" });
      remaining.push(decision.limits[0]?.remaining);
    }
    expect(remaining).toEqual([2, 1, 0]);
    const denied = await limit("login-account", { account: "ada" });
    expect(denied).toMatchObject({ allowed: false, reason: "over-limit" });
    expect(denied.retryAfterMs).toBeGreaterThan(890_000);
    expect((await limit("login-account", { account: "bob" })).allowed).toBe(true);
  });

  test("a denial has the method and the id of the request that the handler gives", async () => {
    const { options, events } = gateOptions(store);
    const { limit } = createLimits(policy, options);
    const id = "4f2a6e1c-9c5e-4d7a-8a39-0d1f5b7c2e60";
    const headers = { "x-request-id": id };
    const request = new Request("http://app.example/login", { method: "POST", headers });
    for (let i = 0; i < 3; i += 1) await limit("login-account", { account: "eve" }, { request });
    await limit("login-account", { account: "eve" }, { request });
    await limit("login-account", { account: "eve" });
    // A Server Action may give the headers of its request alone.
    const headersAlone = { headers: new Headers() } as unknown as Request;
    await limit("login-account", { account: "eve" }, { request: headersAlone });
    const decisions = () => events.filter((event) => event.kind === "decision");
    await expect.poll(decisions).toHaveLength(6);
    expect(decisions().map(({ method, requestId }) => [method, requestId])).toEqual([
      ["POST", undefined],
      ["POST", undefined],
      ["POST", undefined],
      ["POST", id],
      [undefined, undefined],
      [undefined, expect.stringMatching(/^[0-9a-f-]{36}$/)],
    ]);
  });

  test("limit calls the store even for an optimistic rule, since no waitUntil keeps a later report alive", async () => {
    const { limit } = fresh();
    for (const remaining of [99, 98, 97]) {
      expect(await limit("quick", { ip: "203.0.113.9" })).toMatchObject({
        counted: "in-store",
        limits: [{ remaining }],
      });
    }
  });

  test.each([
    ["@upstash/redis", createRedis],
    ["scripts alone", createScriptStore],
  ] as const)(
    "limit adopts the count of another algorithm by a second call, and then needs one call (%s)",
    async (_, client) => {
      const { options } = gateOptions(store);
      const calls: string[] = [];
      const counting: typeof fetch = (input, init) => {
        calls.push(typeof init?.body === "string" ? init.body : "");
        return fetch(input, init);
      };
      const { url, token } = store;
      const redis = client({ url, token, deadlineMs: 10_000, fetch: counting });
      const limitsBy = (algorithm: "sliding-log" | "sliding-window") => {
        const own = definePolicy({ rules: { api: { limits: { ip: "5 per hour" }, algorithm } } });
        return createLimits(own, { ...options, redis });
      };
      const ask = async ({ limit }: ReturnType<typeof limitsBy>) => {
        calls.length = 0;
        const decision = await limit("api", { ip: "203.0.113.9" });
        return [decision.reason, decision.limits[0]?.remaining, calls.length];
      };
      // The first calls load the scripts into Redis.
      for (const algorithm of ["sliding-log", "sliding-window"] as const) {
        await limitsBy(algorithm).limit("api", { ip: "203.0.113.77" });
      }
      const before = limitsBy("sliding-log");
      const after = limitsBy("sliding-window");
      expect(await ask(before)).toEqual(["within-limit", 4, 1]);
      expect(await ask(before)).toEqual(["within-limit", 3, 1]);
      expect(await ask(after)).toEqual(["within-limit", 2, 2]);
      expect(await ask(after)).toEqual(["within-limit", 1, 1]);
    },
  );

  test("limit consumes the rule's cost, or the call's", async () => {
    const { limit } = fresh();
    const who = { user: "ada" };
    expect((await limit("upload", who)).limits[0]?.remaining).toBe(8);
    expect((await limit("upload", who, { cost: 7 })).limits[0]?.remaining).toBe(1);
    expect((await limit("upload", who)).allowed).toBe(false);
    expect((await limit("upload", who, { cost: 1 })).allowed).toBe(true);
    const never = await limit("upload", who, { cost: 11 });
    expect(never).toMatchObject({ allowed: false, reason: "over-limit", retryAfterMs: undefined });
  });

  test("limit resolves identities from the request that the handler does not give", async () => {
    const { limit } = fresh();
    const request = new Request("http://app.example/", { headers: { "x-user": "ada" } });
    await limit("upload", {}, { request });
    expect((await limit("upload", { user: "ada" })).limits[0]?.remaining).toBe(6);
  });

  test("limit counts a given address in the form that the gate counts", async () => {
    const { limit } = fresh();
    const request = new Request("http://app.example/", {
      headers: { "x-forwarded-for": "2001:db8::1" },
    });
    expect((await limit("closed", { ip: "2001:DB8::2" })).allowed).toBe(true);
    expect((await limit("closed", { ip: "2001:db8::3" })).allowed).toBe(false);
    expect((await limit("closed", {}, { request })).allowed).toBe(false);
  });

  test("limit ignores an empty value, and resolves the identity from the request", async () => {
    const { limit } = fresh();
    const request = new Request("http://app.example/", { headers: { "x-user": "ada" } });
    await limit("upload", { user: "" }, { request });
    expect((await limit("upload", { user: "ada" })).limits[0]?.remaining).toBe(6);
  });

  test.each([[123], [{}], [null]])("limit denies a call whose identity is %j", async (account) => {
    const given = { account } as unknown as { account: string };
    expect(await fresh().limit("login-account", given)).toMatchObject({
      allowed: false,
      error: { code: "LIMIT_BAD_ARGUMENT" },
    });
  });

  test("limit never throws: an invalid call is a denial with an error", async () => {
    const { limit } = fresh();
    const noRule = await limit("logout" as "upload", {});
    expect(noRule).toMatchObject({
      allowed: false,
      reason: "invalid-call",
      error: { code: "LIMIT_UNKNOWN_RULE" },
    });
    for (const cost of [0, -1, 1.5, NaN]) {
      const decision = await limit("upload", {}, { cost });
      expect(decision.error).toMatchObject({ code: "LIMIT_BAD_ARGUMENT" });
    }
    for (const given of [null, undefined, "", "ada"]) {
      const decision = await limit("upload", given as unknown as { user: string });
      expect(decision.error).toMatchObject({ code: "LIMIT_BAD_ARGUMENT" });
    }
    for (const request of [null, {}, "a request"]) {
      const decision = await limit("upload", {}, { request: request as unknown as Request });
      expect(decision.error).toMatchObject({ code: "LIMIT_BAD_ARGUMENT" });
    }
    expect(await limit("upload", {}, null as unknown as { cost: number })).toMatchObject({
      reason: "within-limit",
    });
  });

  test("the rule's onStoreFailure decides when the store fails", async () => {
    const { options, events } = gateOptions({
      url: "http://127.0.0.1:1",
      token: "no-store-is-there",
    });
    const { limit, peek } = createLimits(policy, options);
    expect(await limit("upload", { user: "ada" })).toMatchObject({
      allowed: true,
      reason: "store-failed",
      error: { code: "STORE_UNREACHABLE" },
    });
    expect(await limit("closed", { ip: "203.0.113.1" })).toMatchObject({
      allowed: false,
      reason: "store-failed",
    });
    expect((await peek("closed", { ip: "203.0.113.1" })).reason).toBe("store-failed");
    await expect
      .poll(() => events.map((event) => event.kind))
      .toEqual(["decision", "decision", "decision"]);
  });
});

test("limit calls no resolver when the mode is off", async () => {
  let asked = 0;
  const identities = defineIdentities({ user: () => String((asked += 1)) });
  const own = definePolicy({ identities, rules: { api: { limits: { user: "3 per hour" } } } });
  const { limit } = createLimits(own, { ...gateOptions(store).options, mode: "off" });
  const request = new Request("http://app.example/");
  expect(await limit("api", {}, { request })).toMatchObject({ reason: "switched-off" });
  expect(asked).toBe(0);
});

describe("peek and refund", () => {
  test("peek consumes nothing", async () => {
    const { limit, peek } = fresh();
    for (let i = 0; i < 5; i += 1) await peek("login-account", { account: "ada" });
    expect((await limit("login-account", { account: "ada" })).limits[0]?.remaining).toBe(2);
  });

  test("peek decides for the rule's own cost, and ignores a cost of the call", async () => {
    const { peek } = fresh();
    const more = { request: new Request("http://app.example/"), cost: 11 };
    expect(await peek("upload", { user: "ada" }, more)).toMatchObject({ reason: "within-limit" });
  });

  test("refund returns the consumed units once, and 0 for a denied decision", async () => {
    const { limit, peek, refund } = fresh();
    const who = { user: "ada" };
    const taken = await limit("upload", who, { cost: 9 });
    const denied = await limit("upload", who);
    expect(await refund(denied)).toBe(0);
    expect(await refund(taken)).toBe(9);
    expect(await refund(taken)).toBe(0);
    expect((await peek("upload", who)).limits[0]?.remaining).toBe(10);
    // The denial cache no longer holds the client.
    expect((await limit("upload", who)).allowed).toBe(true);
  });
});
