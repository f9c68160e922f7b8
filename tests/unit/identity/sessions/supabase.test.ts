import { SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { supabaseUser } from "headgate/identities/supabase";
import { headerOf, pairsOf, requestWith } from "../../../support/sessions/set-cookies.ts";
import {
  ADA,
  PROJECT,
  SUPABASE_SECRET,
  supabaseProject,
} from "../../../support/sessions/supabase.ts";
import {
  disagreements,
  inOneSpelling,
  tamperedTokens,
} from "../../../support/sessions/tampered.ts";

const NAME = "sb-shopref-auth-token";
const EVE = "6f9b1c1e-0000-4000-8000-0000000000e5";

const project = await supabaseProject();
const { jwks } = project;

const resolve = supabaseUser({ url: PROJECT, jwks });
const named = (cookie: string) => resolve(requestWith(cookie));
const bearer = (token: string, cookie = "") =>
  resolve(requestWith(cookie, { authorization: `Bearer ${token}` }));

const now = () => Math.floor(Date.now() / 1000);

const sessionWith = (token: unknown) => ({
  access_token: token,
  refresh_token: "r",
  expires_at: now() + 3600,
  user: {},
});

const cookieWith = (session: unknown) =>
  `${NAME}=base64-${Buffer.from(JSON.stringify(session)).toString("base64url")}`;

// Supabase's client prints the problems of cookies and keys.
beforeAll(() => {
  for (const method of ["warn", "error"] as const) vi.spyOn(console, method).mockReturnValue();
});
afterAll(() => void vi.restoreAllMocks());

describe("supabaseUser", () => {
  test.each(["base64url", "raw"] as const)(
    "supabaseUser returns the user by the cookies of createServerClient in %s, whole and in chunks",
    async (encoding) => {
      const token = await project.sign();
      const whole = await project.cookiesOf(token, encoding);
      expect(pairsOf(whole).map(([name]) => name)).toEqual([NAME]);
      const chunked = await project.cookiesOf(token, encoding, 'é"% '.repeat(1500));
      expect(pairsOf(chunked).map(([name]) => name)).toContain(`${NAME}.2`);
      for (const cookies of [whole, chunked, headerOf(pairsOf(chunked).toReversed())]) {
        expect(await named(cookies)).toBe(ADA);
        expect(await project.userOf(cookies)).toBe(ADA);
      }
      const gap = headerOf(pairsOf(chunked).filter(([name]) => name !== `${NAME}.1`));
      expect([await named(gap), await project.userOf(gap)]).toEqual([undefined, undefined]);
    },
  );

  test("supabaseUser returns the user of a bearer token when the cookies name no user", async () => {
    const [ada, eve] = [await project.sign(), await project.sign({ sub: EVE })];
    expect(await bearer(ada)).toBe(ADA);
    expect(await bearer(eve, cookieWith(sessionWith(ada)))).toBe(ADA);
    expect(await bearer(ada, cookieWith(sessionWith("junk")))).toBe(ADA);
    expect(await resolve(new Request("https://app.example/"))).toBeUndefined();
  });

  test("supabaseUser reads the token only from the place that the option from names", async () => {
    const [ada, eve] = [await project.sign(), await project.sign({ sub: EVE })];
    const both = requestWith(cookieWith(sessionWith(ada)), { authorization: `Bearer ${eve}` });
    expect(await supabaseUser({ url: PROJECT, jwks, from: "bearer" })(both)).toBe(EVE);
    expect(await supabaseUser({ url: PROJECT, jwks, from: "cookie" })(both)).toBe(ADA);
    const alone = requestWith("", { authorization: `Bearer ${eve}` });
    expect(await supabaseUser({ url: PROJECT, jwks, from: "cookie" })(alone)).toBeUndefined();
  });

  test("supabaseUser verifies each algorithm of a project by its own key", async () => {
    const both = supabaseUser({ url: PROJECT, jwks, secret: () => SUPABASE_SECRET });
    const secret = supabaseUser({ url: PROJECT, secret: SUPABASE_SECRET });
    const verdicts = async (token: string) => {
      const request = requestWith("", { authorization: `Bearer ${token}` });
      return [await resolve(request), await secret(request), await both(request)];
    };
    expect(await verdicts(await project.sign({}, {}, "ES256"))).toEqual([ADA, undefined, ADA]);
    expect(await verdicts(await project.sign({}, {}, "RS256"))).toEqual([ADA, undefined, ADA]);
    expect(await verdicts(await project.sign({}, {}, "HS256"))).toEqual([undefined, ADA, ADA]);
    expect(await verdicts(await project.sign({}, { kid: "es" }, "HS256"))).toEqual([
      undefined,
      ADA,
      ADA,
    ]);
  });

  test("supabaseUser separates anonymous sign-ins from users, or ignores them", async () => {
    const token = await project.sign({ is_anonymous: true });
    const request = requestWith(cookieWith(sessionWith(token)));
    expect(await resolve(request)).toBeUndefined();
    const apart = supabaseUser({ url: PROJECT, jwks, anonymous: true });
    expect(await apart(request)).toBe(`anonymous:${ADA}`);
    expect(await apart(requestWith(cookieWith(sessionWith(await project.sign()))))).toBe(ADA);
  });

  test("supabaseUser derives the cookie and the issuer from the URL, unless options set them", async () => {
    const token = await project.sign({ iss: "http://127.0.0.1:54321/auth/v1" });
    const session = encodeURIComponent(JSON.stringify(sessionWith(token)));
    const local = supabaseUser({
      url: () => "http://127.0.0.1:54321/",
      jwks: () => JSON.stringify(jwks),
    });
    expect(await local(requestWith(`sb-127-auth-token=${session}`))).toBe(ADA);
    expect(await named(`${NAME}=${session}`)).toBeUndefined();
    const issuer = "http://127.0.0.1:54321/auth/v1";
    const own = supabaseUser({ url: PROJECT, jwks, cookie: "sid", issuer });
    expect(await own(requestWith(`sid=${session}`))).toBe(ADA);
    expect(await own(requestWith(`${NAME}=${session}`))).toBeUndefined();
  });
});

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

describe("supabaseUser throws IDENTITY_OPTIONS_INVALID", () => {
  const error = (option: string) => ({
    code: "IDENTITY_OPTIONS_INVALID",
    message: expect.stringContaining(`option ${option} of supabaseUser`),
  });
  const good = { url: PROJECT, jwks };

  test.each<[string, object]>([
    ["url", { url: undefined }],
    ["url", { url: "" }],
    ["url", { url: "shopref" }],
    ["url", { url: "ftp://shopref.supabase.co" }],
    ["url", { url: "https://" }],
    ["url", { url: 7 }],
    ["jwks", { jwks: undefined }],
    ["jwks", { jwks: "{" }],
    ["jwks", { jwks: [] }],
    ["jwks", { jwks: { keys: [] } }],
    ["jwks", { jwks: { keys: "es" } }],
    ["jwks", { jwks: { keys: [{ kty: "oct", kid: "a", k: "c2VjcmV0" }] } }],
    ["jwks", { jwks: { keys: [{ kty: "EC", crv: "P-256", x: "x", y: "y" }] } }],
    ["secret", { jwks: undefined, secret: "" }],
    ["secret", { secret: 7 }],
  ])("supabaseUser rejects %s at once when the options have %j", (option, change) => {
    expect(() => supabaseUser({ ...good, ...change })).toThrow(
      expect.objectContaining(error(option)),
    );
  });

  test("supabaseUser throws at a request when a function returns nothing or a key cannot be read", async () => {
    const request = requestWith(cookieWith(sessionWith(await project.sign())));
    const nothing = () => undefined;
    const broken = { keys: [{ kty: "EC", crv: "P-256", kid: "es", x: "x", y: "y" }] };
    const ask = (change: object) => supabaseUser({ ...good, ...change })(request);
    await expect(ask({ url: nothing })).rejects.toMatchObject(error("url"));
    await expect(ask({ jwks: nothing })).rejects.toMatchObject(error("jwks"));
    await expect(ask({ secret: nothing })).rejects.toMatchObject(error("secret"));
    await expect(ask({ jwks: broken })).rejects.toMatchObject(error("jwks"));
  });

  test("supabaseUser ignores a key of another type beside a usable one", async () => {
    const others = [
      { kty: "OKP", crv: "Ed25519", kid: "ed", x: "x" },
      { kty: "oct", kid: "es", k: "AAAA" },
    ];
    const own = supabaseUser({ url: PROJECT, jwks: { keys: [...jwks.keys, ...others] } });
    expect(await own(requestWith("", { authorization: `Bearer ${await project.sign()}` }))).toBe(
      ADA,
    );
  });
});
