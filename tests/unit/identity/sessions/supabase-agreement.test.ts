import { SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, test } from "vitest";
import { supabaseUser } from "headgate/identities/supabase";
import { requestWith } from "../../../support/sessions/set-cookies.ts";
import { ADA, PROJECT, supabaseProject } from "../../../support/sessions/supabase.ts";
import {
  disagreements,
  inOneSpelling,
  tamperedTokens,
} from "../../../support/sessions/tampered.ts";
import {
  cookieWith,
  EVE,
  NAME,
  now,
  sessionWith,
  withoutWarnings,
} from "../../../support/sessions/supabase-cookies.ts";

const project = await supabaseProject();
const { jwks } = project;

const resolve = supabaseUser({ url: PROJECT, jwks });
const named = (cookie: string) => resolve(requestWith(cookie));
const bearer = (token: string, cookie = "") =>
  resolve(requestWith(cookie, { authorization: `Bearer ${token}` }));

withoutWarnings();

describe("supabaseUser and Supabase agree", () => {
  const verdicts = async (token: string) => [
    await bearer(token),
    await project.userOf("", token),
    await named(cookieWith(sessionWith(token))),
  ];

  test.each(["ES256", "RS256"] as const)(
    "supabaseUser and Supabase reject tokens of %s that no server issued",
    async (alg) => {
      for (const [title, tampered] of tamperedTokens(await project.sign({}, {}, alg))) {
        const found = await verdicts(tampered);
        expect([title, ...found]).toEqual([title, undefined, undefined, undefined]);
      }
    },
  );

  const inAMinute = () => now() + 60;
  test.each<[string, () => Promise<string> | string, string | undefined]>([
    ["nothing changed", () => project.sign(), ADA],
    ["no expiry", () => project.sign({ exp: undefined }), undefined],
    ["an expiry a second ago", () => project.sign({ exp: now() - 1 }), undefined],
    ["an expiry in a minute", () => project.sign({ exp: inAMinute() }), ADA],
    ["an unknown key", () => project.sign({}, { kid: "other" }), undefined],
    ["the key of another algorithm", () => project.sign({}, { kid: "rs" }), undefined],
    ["no kid", () => project.sign({}, { kid: undefined }), undefined],
    ["the key of another project", async () => (await supabaseProject()).sign(), undefined],
    ["a secret", () => project.sign({}, {}, "HS256"), undefined],
    ["a secret that is a public key", () => byPublicKey(), undefined],
    [
      "no signature",
      () => new UnsecuredJWT({ sub: ADA }).setExpirationTime("1m").encode(),
      undefined,
    ],
  ])("supabaseUser and Supabase agree on a token with %s", async (_, make, expected) => {
    expect(await verdicts(await make())).toEqual([expected, expected, expected]);
  });

  function byPublicKey(): Promise<string> {
    return new SignJWT({ sub: ADA, aud: "authenticated", iss: `${PROJECT}/auth/v1` })
      .setProtectedHeader({ alg: "HS256", typ: "JWT", kid: "es" })
      .setExpirationTime("1m")
      .sign(new TextEncoder().encode(JSON.stringify(jwks.keys[0])));
  }

  test("supabaseUser and Supabase agree on cookies that occur twice, have another form, or hold no session", async () => {
    const [ada, eve] = [await project.sign(), await project.sign({ sub: EVE })];
    const session = sessionWith(ada);
    const good = cookieWith(session);
    const [, value = ""] = good.split("=");
    const other = cookieWith({ ...session, access_token: eve });
    const cases: [string, string | undefined][] = [
      [good, ADA],
      [`${other}; ${good}`, ADA],
      [`${good}; ${NAME}=`, undefined],
      [`${good}; ${NAME}.0=junk`, ADA],
      [`${NAME}=; ${NAME}.0=${value.slice(0, 90)}; ${NAME}.1=${value.slice(90)}`, ADA],
      [`${NAME}.0=${value.slice(0, 90)}; ${NAME}.01=${value.slice(90)}`, undefined],
      [`${NAME}.1=${value}`, undefined],
      [`${NAME}=${value.replace("base64-", "base64%2D")}`, ADA],
      [`${NAME}=${value.replace("base64-", "")}`, undefined],
      [`${NAME}=base64-%%%`, undefined],
      [cookieWith([ada]), undefined],
      [cookieWith(ada), undefined],
      [cookieWith({ ...session, access_token: [ada] }), undefined],
      [cookieWith({ ...session, expires_at: 0 }), ADA],
      [cookieWith({ ...session, padding: "x".repeat(60_000) }), ADA],
      [`${NAME}=base64-= ${value.slice(7)}==`, ADA],
      [`${good}; ${NAME}=%`, ADA],
      [`${good}; ${NAME} =junk`, ADA],
      [cookieWith(null), undefined],
      [`${NAME}=base64-${Buffer.from("[".repeat(9000)).toString("base64url")}`, undefined],
      [`sb-another-auth-token=${value}`, undefined],
    ];
    for (const [cookie, expected] of cases) {
      const found = [await named(cookie), await project.userOf(cookie)];
      expect([cookie, ...found]).toEqual([cookie, expected, expected]);
    }
  });

  test("supabaseUser and Supabase agree on a session in more chunks than the library writes", async () => {
    const [, value = ""] = cookieWith(sessionWith(await project.sign())).split("=");
    const parts = value.match(/.{1,20}/g) ?? [];
    const cookie = parts.map((part, i) => `${NAME}.${i}=${part}`).join("; ");
    expect([await named(cookie), await project.userOf(cookie)]).toEqual([ADA, ADA]);
  });

  test("supabaseUser and Supabase return the same user, however the token was changed", async () => {
    const both = {
      ours: (token: string) => bearer(token),
      theirs: (token: string) => project.userOf("", token),
      theirsRespelled: (token: string) => project.userOf("", inOneSpelling(token.trim())),
    };
    expect(await disagreements(await project.sign(), both)).toEqual({ alone: [], missed: [] });
  });

  test.each(["base64url", "raw"] as const)(
    "supabaseUser returns each user that Supabase returns, however its cookies in %s were changed",
    async (encoding) => {
      const good = await project.cookiesOf(await project.sign(), encoding, "x".repeat(3000));
      const theirs = (cookie: string) => project.userOf(cookie);
      expect(await disagreements(good, { ours: named, theirs })).toMatchObject({ missed: [] });
    },
  );
});

describe("supabaseUser is stricter than Supabase's getClaims", () => {
  test.each<[string, object, object]>([
    ["another audience", { aud: "elsewhere" }, {}],
    ["no audience", { aud: undefined }, {}],
    ["another issuer", { iss: "https://evil.supabase.co/auth/v1" }, {}],
    ["no issuer", { iss: undefined }, {}],
    ["no user", { sub: undefined }, {}],
    ["a user that is not text", { sub: 7 }, {}],
    ["an expiry that is text", { exp: "9999999999" }, {}],
    ["a start in a minute", { nbf: now() + 60 }, {}],
    ["another type", {}, { typ: "at+jwt" }],
    ["an extension", {}, { crit: ["ext"], ext: 1 }],
  ])("supabaseUser rejects %s", async (_, claims, header) => {
    expect(await bearer(await project.sign(claims, header))).toBeUndefined();
  });
});
