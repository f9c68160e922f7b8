import type { BetterAuthOptions } from "better-auth";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { betterAuthSession, betterAuthUser } from "headgate/identities/better-auth";
import { BETTER_AUTH_SECRET, betterAuthApp } from "../../../support/sessions/better-auth.ts";
import { headerOf, pairsOf, requestWith } from "../../../support/sessions/set-cookies.ts";
import { disagreements, tamperedTokens } from "../../../support/sessions/tampered.ts";

const STRATEGIES = ["compact", "jwt", "jwe"] as const;
type Strategy = (typeof STRATEGIES)[number];

const secret = BETTER_AUTH_SECRET;
const TOKEN = "__Secure-better-auth.session_token";
const DATA = "__Secure-better-auth.session_data";

const cached = (strategy: Strategy, more: object = {}): BetterAuthOptions => ({
  session: { cookieCache: { enabled: true, strategy, ...more } },
});

const resolver = (strategy: Strategy) => {
  const resolve = betterAuthUser({ secret, strategy });
  return (cookie: string) => resolve(requestWith(cookie));
};
const session = betterAuthSession({ secret });
const sessionOf = (cookie: string) => session(requestWith(cookie));

/** Returns the cookies with changed values; a cookie whose new value is empty is removed. */
function withCookies(cookies: string, changes: Readonly<Record<string, string>>): string {
  const all = { ...Object.fromEntries(pairsOf(cookies)), ...changes };
  return headerOf(Object.entries(all).filter(([, value]) => value !== ""));
}

const valueOf = (cookies: string, name: string) => new Map(pairsOf(cookies)).get(name) ?? "";

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());

describe.each(STRATEGIES)("betterAuthUser with the strategy %s", (strategy) => {
  const app = betterAuthApp(cached(strategy));
  /** An app with the same secret and another database, which knows sessions by their cookies alone. */
  const elsewhere = betterAuthApp(cached(strategy));
  const named = resolver(strategy);
  const verdicts = async (cookie: string) => [await named(cookie), await elsewhere.userOf(cookie)];

  test("betterAuthUser returns the user who signed up, as better-auth does", async () => {
    const { cookies, id } = await app.signUp("ada");
    expect(await verdicts(cookies)).toEqual([id, id]);
  });

  test("betterAuthUser returns the user of a cache in chunks, in any order", async () => {
    const { cookies, id } = await app.signUp("large", "x".repeat(6000));
    const pairs = pairsOf(cookies);
    expect(pairs.map(([name]) => name)).toContain(`${DATA}.1`);
    expect(await verdicts(cookies)).toEqual([id, id]);
    expect(await verdicts(headerOf(pairs.toReversed()))).toEqual([id, id]);
    expect(await verdicts(withCookies(cookies, { [`${DATA}.0`]: "" }))).toEqual([
      undefined,
      undefined,
    ]);
  });

  test("betterAuthUser returns the user who signed up without https, and with another prefix", async () => {
    const plain = betterAuthApp(
      { ...cached(strategy), advanced: { cookiePrefix: "shop" } },
      "http://localhost:3000",
    );
    const { cookies, id } = await plain.signUp("ada");
    expect(pairsOf(cookies).map(([name]) => name)).toContain("shop.session_data");
    const own = betterAuthUser({ secret, strategy, cookiePrefix: "shop" });
    expect(await own(requestWith(cookies))).toBe(id);
    expect(await named(cookies)).toBeUndefined();
  });

  test("betterAuthUser returns no user when the cache has expired", async () => {
    const { cookies, id } = await app.signUp("late");
    vi.setSystemTime(Date.now() + 290_000);
    expect(await verdicts(cookies)).toEqual([id, id]);
    vi.setSystemTime(Date.now() + 20_000);
    expect(await verdicts(cookies)).toEqual([undefined, undefined]);
  });

  test("betterAuthUser returns no user when the session in the cache has expired", async () => {
    const short = betterAuthApp({
      session: { expiresIn: 60, cookieCache: { enabled: true, strategy, maxAge: 3600 } },
    });
    const { cookies } = await short.signUp("short");
    vi.setSystemTime(Date.now() + 61_000);
    expect(await verdicts(cookies)).toEqual([undefined, undefined]);
  });

  test("betterAuthUser returns no user for a cache of another session or secret, or without a session", async () => {
    const ada = (await app.signUp("first")).cookies;
    const eve = (await app.signUp("second")).cookies;
    const others = (
      await betterAuthApp({ ...cached(strategy), secret: "another secret" }).signUp("ada")
    ).cookies;
    const unknown = [
      withCookies(ada, { [DATA]: valueOf(eve, DATA) }),
      withCookies(ada, { [DATA]: valueOf(others, DATA) }),
      withCookies(ada, { [TOKEN]: "" }),
      withCookies(ada, { [TOKEN]: valueOf(others, TOKEN) }),
      withCookies(ada, { [DATA]: "" }),
      others,
      "",
    ];
    for (const cookies of unknown) {
      expect([cookies, ...(await verdicts(cookies))]).toEqual([cookies, undefined, undefined]);
    }
  });

  test("betterAuthUser returns no user for a cache of another version", async () => {
    const versioned = betterAuthApp(cached(strategy, { version: "2" }));
    const { cookies, id } = await versioned.signUp("ada");
    expect(await verdicts(cookies)).toEqual([undefined, undefined]);
    const second = betterAuthUser({ secret, strategy, version: "2" });
    expect(await second(requestWith(cookies))).toBe(id);
  });

  test("betterAuthUser returns no user for a cache of another strategy", async () => {
    const { cookies } = await app.signUp("strategy");
    for (const other of STRATEGIES.filter((each) => each !== strategy)) {
      expect(await resolver(other)(cookies)).toBeUndefined();
    }
  });

  test("betterAuthUser returns no user for caches that better-auth did not make", async () => {
    const { cookies, id } = await app.signUp("tampered");
    const good = valueOf(cookies, DATA);
    expect(await verdicts(cookies)).toEqual([id, id]);
    const forged = strategy === "compact" ? tamperedCaches(good) : tamperedTokens(good);
    for (const [title, data] of forged) {
      const found = await verdicts(withCookies(cookies, { [DATA]: encodeURIComponent(data) }));
      expect([title, ...found]).toEqual([title, undefined, undefined]);
    }
  });

  test("betterAuthUser returns each user that better-auth returns, however the cookies were changed", async () => {
    const { cookies } = await app.signUp("fuzz", "x".repeat(3500));
    const both = { ours: named, theirs: (cookie: string) => elsewhere.userOf(cookie) };
    expect(await disagreements(cookies, both, 100)).toMatchObject({ missed: [] });
  });
});

/** Returns caches of the strategy "compact" with changed content or a changed signature. */
function tamperedCaches(good: string): [title: string, data: string][] {
  const cache = JSON.parse(Buffer.from(good, "base64url").toString()) as {
    session: { user: object; session: object };
    expiresAt: number;
    signature: string;
  };
  const changes: Record<string, unknown> = {
    "another user": {
      ...cache,
      session: { ...cache.session, user: { ...cache.session.user, id: "eve" } },
    },
    "a later expiry": { ...cache, expiresAt: cache.expiresAt + 1000 },
    "an expiry that is text": { ...cache, expiresAt: String(cache.expiresAt) },
    "no signature": { ...cache, signature: "" },
    "a signature that is no text": { ...cache, signature: 7 },
    "a signature cut short": { ...cache, signature: cache.signature.slice(0, -4) },
    "no session": { ...cache, session: null },
    "a session that is a list": { ...cache, session: [cache.session] },
    "a list": [cache],
    null: null,
  };
  return [
    ...Object.entries(changes).map(([title, value]): [string, string] => [
      title,
      Buffer.from(JSON.stringify(value)).toString("base64url"),
    ]),
    ["no JSON", Buffer.from("{").toString("base64url")],
    ["no base64", "%00!"],
    ["what nests deep", Buffer.from(`{"session":${"[".repeat(9000)}`).toString("base64url")],
    [
      "what nests deep and ends",
      Buffer.from(
        `{"session":{"a":${"[".repeat(9000)}${"]".repeat(9000)}},"expiresAt":1e15,"signature":"AAAA"}`,
      ).toString("base64url"),
    ],
    ["very much", "A".repeat(40_000)],
  ];
}

describe("betterAuthUser", () => {
  test("betterAuthUser reads the cache in each spelling of base64 that better-auth accepts", async () => {
    const { cookies, id } = await betterAuthApp(cached("compact")).signUp("ada");
    // An app with the same secret and another database knows sessions by their cookies alone.
    const elsewhere = betterAuthApp(cached("compact"));
    const good = valueOf(cookies, DATA);
    const cache = JSON.parse(Buffer.from(good, "base64url").toString()) as { signature: string };
    const spelled = ["=", "==junk"].map((more) => {
      const json = JSON.stringify({ ...cache, signature: `${cache.signature}${more}` });
      return Buffer.from(json).toString("base64url");
    });
    const json = JSON.stringify(cache);
    // After a whole number of bytes, one more character adds no byte.
    const whole = Buffer.from(json.padEnd(Math.ceil(json.length / 3) * 3)).toString("base64url");
    for (const data of [`${good}=`, `${good}=junk`, `${whole}A`, ...spelled]) {
      const changed = withCookies(cookies, { [DATA]: encodeURIComponent(data) });
      const found = [await resolver("compact")(changed), await elsewhere.userOf(changed)];
      expect([data, ...found]).toEqual([data, id, id]);
    }
  });

  test("betterAuthUser decrypts caches with secrets that are rotated out, and accepts signatures of the current secret only", async () => {
    const secrets = ["a newer secret of better-auth, for tests", secret];
    const rotated = {
      secrets: secrets.map((value, i) => ({ version: secrets.length - i, value })),
    };
    const resolve = betterAuthUser({ secret: () => secrets, strategy: "jwe" });
    const app = betterAuthApp({ ...cached("jwe"), ...rotated });
    const before = (await betterAuthApp(cached("jwe")).signUp("ada")).cookies;
    const { cookies, id } = await app.signUp("ada");
    expect(await resolve(requestWith(cookies))).toBe(id);
    expect(await resolve(requestWith(before))).toBeUndefined();
    expect(await app.userOf(before)).toBeUndefined();
    // The cache of the older secret belongs to a session that the newer one signed.
    const mixed = await sameSession(before, secrets[0] ?? "");
    expect(await resolve(requestWith(mixed))).toBe(await app.userOf(mixed));
    expect(await resolve(requestWith(mixed))).toEqual(expect.any(String));
  });

  test.each(["", "cookie", "constructor", 7])(
    "betterAuthUser rejects the strategy %j",
    (strategy) => {
      expect(() => betterAuthUser({ secret, strategy: strategy as Strategy })).toThrow(
        expect.objectContaining({ code: "IDENTITY_OPTIONS_INVALID" }),
      );
    },
  );

  test.each([undefined, "", [], 7])(
    "betterAuthUser and betterAuthSession reject the secret %j",
    async (wrong) => {
      const error = { code: "IDENTITY_OPTIONS_INVALID" };
      const given = wrong as string;
      expect(() => betterAuthUser({ secret: given })).toThrow(expect.objectContaining(error));
      expect(() => betterAuthSession({ secret: given })).toThrow(expect.objectContaining(error));
      const { cookies } = await betterAuthApp().signUp("ada");
      const later = betterAuthSession({ secret: () => given });
      await expect(later(requestWith(cookies))).rejects.toMatchObject(error);
    },
  );
});

/** Returns the cookies with the session's token signed by another secret, as after a refresh by better-auth. */
async function sameSession(cookies: string, by: string): Promise<string> {
  const [token = ""] = decodeURIComponent(valueOf(cookies, TOKEN)).split(".");
  const usages: KeyUsage[] = ["sign"];
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", Buffer.from(by), hmac, false, usages);
  const signature = await crypto.subtle.sign("HMAC", key, Buffer.from(token));
  const signed = `${token}.${Buffer.from(signature).toString("base64")}`;
  return withCookies(cookies, { [TOKEN]: encodeURIComponent(signed) });
}

describe("betterAuthSession", () => {
  const app = betterAuthApp();

  test("betterAuthSession returns a different hash for each session", async () => {
    const [ada, eve] = [await app.signUp("ada"), await app.signUp("eve")];
    const [first, second] = [await sessionOf(ada.cookies), await sessionOf(eve.cookies)];
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(second).toMatch(/^[0-9a-f]{64}$/);
    expect(second).not.toBe(first);
    expect(await sessionOf(ada.cookies)).toBe(first);
    // Without the cache of the strategy there is no user.
    expect(await resolver("compact")(ada.cookies)).toBeUndefined();
  });

  test("betterAuthSession resolves exactly the sessions that better-auth knows", async () => {
    const { cookies } = await app.signUp("signed");
    const eve = decodeURIComponent(valueOf((await app.signUp("other")).cookies, TOKEN));
    const good = decodeURIComponent(valueOf(cookies, TOKEN));
    const [token = "", signature = ""] = good.split(".");
    const forged = [
      token,
      `${token}.`,
      `.${signature}`,
      `${token}.${signature.slice(0, -1)}`,
      `${token}.${signature[0] === "A" ? "Q" : "A"}${signature.slice(1)}`,
      `${token}.${"A".repeat(43)}=`,
      `${token}x.${signature}`,
      `${token}.${eve.split(".")[1]}`,
      `x.${token}.${signature}`,
      "=".repeat(44),
      `.${"=".repeat(44)}`,
      `${token}.${"=".repeat(44)}`,
      "x".repeat(40_000),
    ];
    expect(await sessionOf(`${TOKEN}=${encodeURIComponent(good)}`)).toBeDefined();
    for (const value of forged) {
      const cookie = `${TOKEN}=${encodeURIComponent(value)}`;
      const found = [await sessionOf(cookie), await app.userOf(cookie)];
      expect([value, ...found]).toEqual([value, undefined, undefined]);
    }
  });

  test("betterAuthSession reads the cookie in each spelling that better-auth accepts", async () => {
    const { cookies, id } = await app.signUp("spelled");
    const value = valueOf(cookies, TOKEN);
    const own = await sessionOf(cookies);
    const spelled = [
      `${TOKEN}="${value}"`,
      `${TOKEN}=${decodeURIComponent(value)}`,
      `\u00A0${TOKEN}\u00A0=\u00A0${value}`,
      `x; ${TOKEN} = ${value};`,
      `${TOKEN}=${value}; ${TOKEN}=junk`,
    ];
    for (const cookie of spelled) {
      expect([cookie, await sessionOf(cookie)]).toEqual([cookie, own]);
      expect([cookie, await app.userOf(cookie)]).toEqual([cookie, id]);
    }
  });

  test("betterAuthSession uses the first of two cookies with the name, as better-auth does", async () => {
    const [ada, eve] = [await app.signUp("one"), await app.signUp("two")];
    const pair = (cookies: string) => `${TOKEN}=${valueOf(cookies, TOKEN)}`;
    const both = `${pair(ada.cookies)}; ${pair(eve.cookies)}`;
    expect(await sessionOf(both)).toBe(await sessionOf(ada.cookies));
    expect(await app.userOf(both)).toBe(ada.id);
  });

  test("betterAuthSession resolves the sessions that better-auth knows, however the cookie was changed", async () => {
    const { cookies } = await app.signUp("mutated");
    const own = await sessionOf(cookies);
    const theirs = async (cookie: string) => ((await app.userOf(cookie)) ? own : undefined);
    expect(await disagreements(cookies, { ours: sessionOf, theirs })).toEqual({
      alone: [],
      missed: [],
    });
  });
});
