import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { betterAuthUser } from "headgate/identities/better-auth";
import { BETTER_AUTH_SECRET, betterAuthApp } from "../../../support/sessions/better-auth.ts";
import { headerOf, pairsOf, requestWith } from "../../../support/sessions/set-cookies.ts";
import { disagreements, tamperedTokens } from "../../../support/sessions/tampered.ts";
import {
  STRATEGIES,
  TOKEN,
  DATA,
  cached,
  resolver,
  withCookies,
  valueOf,
} from "../../../support/sessions/better-auth-cookies.ts";

const secret = BETTER_AUTH_SECRET;

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
