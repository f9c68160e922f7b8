import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { readAccounts } from "#app/_domain/auth/accounts";
import { createLogin, credentials } from "#app/_domain/auth/login";
import { answerLogin } from "#app/_domain/auth/login-handler";
import { hashPassword } from "#app/_domain/auth/passwords";
import * as route from "#app/api/login/route";
import policy from "#config/rate-limits";
import { createLimits } from "#lib/limits";
import { startStore, type TestStore } from "../../support/gateway.ts";
import { gateOptions } from "../../support/options.ts";

/** The fewest iterations, because these tests do not test the hash. */
const ITERATIONS = 1000;

let store: TestStore;
let list: string;

beforeAll(async () => {
  store = await startStore();
  const entry = async (name: string, password: string) =>
    `${name}:${await hashPassword(password, ITERATIONS)}`;
  list = `${await entry("ada", "ada's own")} ${await entry("josé", "sesame")}`;
});
afterAll(() => store?.stop());

/** Makes a login with separate counts for a test. */
function fresh(on: Pick<TestStore, "url" | "token"> = store) {
  const limits = createLimits(policy, gateOptions(on).options);
  const logIn = createLogin(limits, readAccounts(list));
  let addresses = 0;

  async function attempt(account: unknown, password: unknown, address?: string) {
    addresses += 1;
    const from = address ?? `203.0.113.${addresses}`;
    const request = new Request("http://app.example/api/login", {
      method: "POST",
      headers: { "content-type": "application/json", "x-forwarded-for": from },
      body: JSON.stringify({ account, password }),
    });
    const response = await answerLogin(request, logIn);
    const { "retry-after": retryAfter, ...headers } = Object.fromEntries(response.headers);
    return { status: response.status, headers, retryAfter, body: await response.json() };
  }

  async function fail(times: number, account: (i: number) => string, address?: string) {
    for (let i = 0; i < times; i += 1) await attempt(account(i), "wrong", address);
  }

  return { attempt, fail, limits };
}

/** The parts of an answer that a client can compare; only the time to wait may differ. */
const seen = ({
  status,
  headers,
  body,
}: Awaited<ReturnType<ReturnType<typeof fresh>["attempt"]>>) => ({
  status,
  headers,
  body,
});

describe("a right password", () => {
  test("a correct password is confirmed, and no session starts", async () => {
    expect(await fresh().attempt("ada", "ada's own")).toStrictEqual({
      status: 200,
      headers: { "cache-control": "no-store", "content-type": "application/json" },
      retryAfter: undefined,
      body: { account: "ada", detail: "The password is correct. This route starts no session." },
    });
  });

  test("a correct password is refunded to both limits, and refunds no failure", async () => {
    const { attempt, fail, limits } = fresh();
    const address = "198.51.100.7";
    await fail(2, () => "ada", address);
    for (let i = 0; i < 8; i += 1) {
      expect((await attempt("ada", "ada's own", address)).status).toBe(200);
    }
    const stand = await limits.peek("login", { ip: address, account: "ada" });
    expect(stand.limits.map(({ remaining }) => remaining)).toEqual([18, 3]);
  });
});

describe("a failure", () => {
  test("a wrong password and an unknown account get the same answer", async () => {
    const { attempt } = fresh();
    const wrong = await attempt("ada", "wrong");
    expect(seen(wrong)).toStrictEqual(seen(await attempt("nobody", "wrong")));
    expect(wrong).toMatchObject({ status: 403, retryAfter: undefined });
    expect(wrong.headers).toStrictEqual({
      "cache-control": "no-store",
      "content-type": "application/problem+json",
    });
  });

  test("a wrong password and an unknown account cost the same work, and a denial costs none", async () => {
    const { attempt, fail } = fresh();
    const derive = vi.spyOn(crypto.subtle, "deriveBits");
    try {
      await attempt("ada", "wrong");
      await attempt("nobody", "wrong");
      expect(derive.mock.calls.map(([how]) => how)).toMatchObject([
        { iterations: ITERATIONS, hash: "SHA-256" },
        { iterations: ITERATIONS, hash: "SHA-256" },
      ]);
      await fail(4, () => "ada");
      derive.mockClear();
      expect((await attempt("ada", "wrong")).status).toBe(429);
      expect(derive).not.toHaveBeenCalled();
    } finally {
      derive.mockRestore();
    }
  });

  test.each(["ada", "nobody"])("a failure counts for %s from every address", async (account) => {
    const { attempt, fail } = fresh();
    await fail(4, () => account);
    expect((await attempt(account, "wrong")).status).toBe(403);
    const rejected = await attempt(account, "wrong");
    expect(rejected.status).toBe(429);
    expect(Number(rejected.retryAfter)).toBeGreaterThan(890);
    expect(Number(rejected.retryAfter)).toBeLessThanOrEqual(900);
  });

  test("a failure counts for the address, whatever account it names", async () => {
    const { attempt, fail } = fresh();
    await fail(20, (i) => `account-${i}`, "198.51.100.1");
    expect((await attempt("ada", "ada's own", "198.51.100.1")).status).toBe(429);
    expect((await attempt("ada", "ada's own", "198.51.100.2")).status).toBe(200);
  });
});

describe("a denial", () => {
  test("denials by address, by a known account and by an unknown one are the same", async () => {
    const { attempt, fail } = fresh();
    await fail(20, (i) => `account-${i}`, "198.51.100.1");
    const byAddress = await attempt("somebody", "wrong", "198.51.100.1");
    await fail(5, () => "ada");
    const byAccount = await attempt("ada", "wrong");
    await fail(5, () => "nobody");
    const byUnknown = await attempt("nobody", "wrong");

    expect(seen(byAccount)).toStrictEqual(seen(byAddress));
    expect(seen(byUnknown)).toStrictEqual(seen(byAddress));
    expect(byAddress.headers).toStrictEqual({
      "cache-control": "no-store",
      "content-type": "application/problem+json",
    });
    expect(byAddress.body).toStrictEqual({
      type: "https://iana.org/assignments/http-problem-types#quota-exceeded",
      title: "Request cannot be satisfied as assigned quota has been exceeded",
      status: 429,
      detail: "There were too many attempts. Please try again after the time in Retry-After.",
    });
    for (const { retryAfter } of [byAddress, byAccount, byUnknown]) {
      expect(retryAfter).toMatch(/^(?:89\d|900)$/);
    }
  });

  test("a denial does not depend on whether the password is correct", async () => {
    const { attempt, fail } = fresh();
    await fail(5, () => "ada");
    expect(seen(await attempt("ada", "ada's own"))).toStrictEqual(
      seen(await attempt("ada", "wrong")),
    );
  });

  test("a denial by one limit consumes nothing from the other", async () => {
    const { attempt, fail, limits } = fresh();
    await fail(5, () => "ada");
    await attempt("ada", "wrong", "198.51.100.9");
    const stand = await limits.peek("login", { ip: "198.51.100.9" });
    expect(stand.limits[0]).toMatchObject({ limit: 20, remaining: 20 });
  });
});

describe("spellings of a name", () => {
  const spellings = ["josé", "JOSÉ", " josé\t", "jose\u0301", "ｊｏｓé", "\u00A0José"];

  test.each(spellings)("the spelling %j signs in to the account", async (spelling) => {
    expect((await fresh().attempt(spelling, "sesame")).body).toMatchObject({ account: "josé" });
  });

  test("spellings of a name share the account's attempts", async () => {
    const { attempt, fail } = fresh();
    await fail(5, (i) => spellings[i] ?? "");
    expect((await attempt(spellings[5], "sesame")).status).toBe(429);
  });
});

describe("input", () => {
  test.each([
    ["no account", "", "x", "#/account"],
    ["an account of spaces", " \u3000", "x", "#/account"],
    ["an account of 255 characters", "x".repeat(255), "x", "#/account"],
    ["an account whose normal form is too long", "\uFDFA".repeat(20), "x", "#/account"],
    ["an account that is not text", { name: "ada" }, "x", "#/account"],
    ["no password", "ada", "", "#/password"],
    ["a password of 1025 characters", "ada", "x".repeat(1025), "#/password"],
  ])("a login with %s is rejected, and not counted", async (_, account, password, pointer) => {
    const { attempt, limits } = fresh();
    const rejected = await attempt(account, password, "198.51.100.3");
    expect(rejected.status).toBe(400);
    expect(rejected.body).toMatchObject({ errors: [{ pointer }] });
    const stand = await limits.peek("login", { ip: "198.51.100.3" });
    expect(stand.limits[0]?.remaining).toBe(20);
  });

  test("a login accepts an account and a password of the greatest length", () => {
    const longest = { account: "x".repeat(254), password: "x".repeat(1024) };
    expect(credentials.parse(longest)).toStrictEqual(longest);
  });
});

test("the login works when the store is unavailable", async () => {
  const { attempt } = fresh({ url: "http://127.0.0.1:1", token: "nobody-is-there" });
  expect((await attempt("ada", "ada's own")).status).toBe(200);
  expect((await attempt("ada", "wrong")).status).toBe(403);
});

test("keys and values in Redis contain no account", async () => {
  const { fail } = fresh();
  await fail(1, () => "ada-lovelace");
  const direct = new Redis(store.redis.url);
  try {
    const keys = await direct.keys("*");
    expect(keys.length).toBeGreaterThan(1);
    expect(keys.join()).not.toContain("lovelace");
  } finally {
    direct.disconnect();
  }
});

test("the login route accepts only POST, and names the methods in Allow", () => {
  const get = route.GET(new Request("http://app.example/api/login"));
  expect(get.status).toBe(405);
  for (const answer of [get, route.OPTIONS()]) {
    expect(answer.headers.get("allow")).toBe("POST, OPTIONS");
  }
});
