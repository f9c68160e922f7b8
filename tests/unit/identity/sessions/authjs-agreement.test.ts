import { describe, expect, test } from "vitest";
import { authjsUser } from "headgate/identities/authjs";
import { AUTHJS_SECRET, authjsApp } from "../../../support/sessions/authjs.ts";
import { requestWith } from "../../../support/sessions/set-cookies.ts";
import {
  disagreements,
  inOneSpelling,
  tamperedTokens,
} from "../../../support/sessions/tampered.ts";
import {
  inAnHour,
  PLAIN,
  SECURE,
  session,
  withHeader,
} from "../../../support/sessions/authjs-cookies.ts";

const resolve = authjsUser({ secret: AUTHJS_SECRET });
const named = (cookie: string) => resolve(requestWith(cookie));
const app = authjsApp();

describe("authjsUser and Auth.js agree", () => {
  const verdicts = async (cookie: string) => [await named(cookie), await app.userOf(cookie)];

  test("authjsUser and Auth.js reject sessions that no server issued", async () => {
    const token = await session();
    expect(await verdicts(`${SECURE}=${token}`)).toEqual(["ada", "ada"]);
    for (const [title, tampered] of tamperedTokens(token)) {
      const found = await verdicts(`${SECURE}=${tampered}`);
      expect([title, ...found]).toEqual([title, undefined, undefined]);
    }
  });

  test.each<[string, () => Promise<string>, string | undefined]>([
    ["another secret", () => session({ secret: "a secret of another app" }), undefined],
    ["the name of another cookie", () => session({ salt: PLAIN }), undefined],
    ["an expiry a minute ago", () => session({ maxAge: -60 }), undefined],
    ["an expiry ten seconds ago", () => session({ maxAge: -10 }), "ada"],
    ["an expiry that is text", () => withHeader({}, { sub: "ada", exp: "never" }), undefined],
    ["a start in an hour", () => early(3600), undefined],
    ["a start in ten seconds", () => early(10), "ada"],
    ["a key that is unknown", () => withHeader({ kid: "x" }, claims()), undefined],
    ["an extension", () => withHeader({ crit: ["ext"], ext: 1 }, claims()), undefined],
    ["claims that are a list", () => withHeader({}, [claims()]), undefined],
  ])("authjsUser and Auth.js agree on a session with %s", async (_, make, expected) => {
    expect(await verdicts(`${SECURE}=${await make()}`)).toEqual([expected, expected]);
  });

  const claims = () => ({ sub: "ada", exp: inAnHour() });
  const early = (seconds: number) =>
    withHeader({}, { ...claims(), nbf: Math.floor(Date.now() / 1000) + seconds });

  test("authjsUser and Auth.js agree on cookies that occur twice, are quoted, or share the beginning of their names", async () => {
    const [ada, eve] = [await session(), await session({ sub: "eve" })];
    const cookies: [string, string | undefined][] = [
      [`${SECURE}=${ada}; ${SECURE}=${eve}`, "ada"],
      [`${SECURE}=junk; ${SECURE}=${ada}`, undefined],
      [`${SECURE}=; ${SECURE}=${ada}`, undefined],
      [`${SECURE}=${ada}; ${SECURE}.0=${eve}`, undefined],
      [`${SECURE}.0=${ada}; ${SECURE}.x=1`, undefined],
      [`${SECURE}.7=${ada}`, "ada"],
      [`\t${SECURE} = ${ada} ; other`, "ada"],
      [`\u00A0${SECURE}=${ada}`, undefined],
      [`${SECURE}="${ada}"`, undefined],
      [`${SECURE}=${ada.replaceAll(".", "%2E")}`, "ada"],
      [`${SECURE}.=${ada}; ${SECURE}.1=`, "ada"],
      [
        ada
          .split("")
          .map((one, i) => `${SECURE}.${i}=${one}`)
          .join("; "),
        "ada",
      ],
    ];
    for (const [cookie, expected] of cookies) {
      expect([cookie, ...(await verdicts(cookie))]).toEqual([cookie, expected, expected]);
    }
    // The installed version of jose rejects this, and versions before 6 accept it.
    expect(await verdicts(`${SECURE}=${ada}%`)).toEqual(["ada", undefined]);
  });

  test("authjsUser and Auth.js return the same user, however the session was changed", async () => {
    const theirs = (token: string) => app.userOf(`${SECURE}=${token}`);
    const both = {
      ours: (token: string) => named(`${SECURE}=${token}`),
      theirs,
      theirsRespelled: (token: string) => theirs(inOneSpelling(token.split(";")[0] ?? "", 3)),
    };
    expect(await disagreements(await session(), both)).toEqual({ alone: [], missed: [] });
  });

  test("authjsUser returns each user that Auth.js returns, however the cookies were changed", async () => {
    const good = await authjsApp({}, 4000).signIn("ada");
    const both = { ours: named, theirs: (cookie: string) => app.userOf(cookie) };
    expect(await disagreements(good, both)).toMatchObject({ missed: [] });
  });
});

describe("authjsUser is stricter than Auth.js", () => {
  test.each<[string, () => Promise<string>]>([
    ["a session without an expiry", () => withHeader({}, { sub: "ada" })],
    [
      "claims that are compressed",
      () => withHeader({ zip: "DEF" }, { sub: "ada", exp: inAnHour() }),
    ],
    ["a user whose name is not text", () => session({ sub: 7 })],
    ["a user without a name", () => session({ sub: "" })],
    ["a user with a very long name", () => session({ sub: "a".repeat(300) })],
  ])("authjsUser rejects %s", async (_, make) => {
    expect(await named(`${SECURE}=${await make()}`)).toBeUndefined();
  });
});
