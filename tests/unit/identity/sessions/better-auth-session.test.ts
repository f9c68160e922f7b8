import { describe, expect, test } from "vitest";
import { betterAuthSession } from "headgate/identities/better-auth";
import { BETTER_AUTH_SECRET, betterAuthApp } from "../../../support/sessions/better-auth.ts";
import { requestWith } from "../../../support/sessions/set-cookies.ts";
import { disagreements } from "../../../support/sessions/tampered.ts";
import { TOKEN, resolver, valueOf } from "../../../support/sessions/better-auth-cookies.ts";

const session = betterAuthSession({ secret: BETTER_AUTH_SECRET });
const sessionOf = (cookie: string) => session(requestWith(cookie));

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
