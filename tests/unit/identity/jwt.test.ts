import { SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, test } from "vitest";
import { hostCookie, jwtUser } from "#lib/identity/jwt";
import { tamperedTokens } from "../../support/sessions/tampered.ts";

const current = "the current secret of the tests, long enough";
const previous = "the previous secret of the tests, long enough";
const resolve = jwtUser({ secrets: [current, previous], audience: "app" });

interface Claims {
  readonly sub?: string;
  readonly aud?: string;
  readonly exp?: string;
  readonly alg?: string;
  readonly secret?: string;
}

function token({
  sub = "ada",
  aud = "app",
  exp = "5 minutes",
  alg = "HS256",
  secret = current,
}: Claims = {}) {
  return new SignJWT()
    .setProtectedHeader({ alg })
    .setSubject(sub)
    .setAudience(aud)
    .setExpirationTime(exp)
    .sign(new TextEncoder().encode(secret));
}

/** Signs claims of any types, as a faulty signer may write them. */
function signed(claims: object): Promise<string> {
  return new SignJWT({ aud: "app", ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime("5m")
    .sign(new TextEncoder().encode(current));
}

function request(headers: Record<string, string>): Request {
  return new Request("http://app.example/", { headers });
}

describe("a user's token", () => {
  test("a user's token is read as bearer, or from the session cookie", async () => {
    const good = await token();
    expect(await resolve(request({ authorization: `Bearer ${good}` }))).toBe("ada");
    expect(await resolve(request({ authorization: `bearer ${good}` }))).toBe("ada");
    expect(await resolve(request({ cookie: `a=b; session=${good}; c=d` }))).toBe("ada");
    expect(
      await resolve(request({ authorization: "Bearer junk", cookie: `session=${good}` })),
    ).toBe("ada");
  });

  test.each([
    ["https://app.example/", {}, "__Host-session"],
    ["http://app.example/", {}, "session"],
    ["http://10.0.0.7/", { "x-forwarded-proto": "https,http" }, "__Host-session"],
    ["https://app.example/", { "x-forwarded-proto": "http" }, "session"],
  ])("at %s with %j the token is read from the cookie %s alone", async (url, headers, name) => {
    const resolveHost = jwtUser({
      secrets: [current],
      audience: "app",
      cookie: hostCookie("session"),
    });
    const good = await token();
    const asked = (cookie: string) =>
      resolveHost(new Request(url, { headers: { ...headers, cookie } }));
    expect(await asked(`${name}=${good}`)).toBe("ada");
    const other = name === "session" ? "__Host-session" : "session";
    expect(await asked(`${other}=${good}`)).toBeUndefined();
  });

  test.each(["\u00A0", "\u000B", "\u000C"])(
    "a token is read from no cookie whose name begins or ends with %j",
    async (space) => {
      const cookie = hostCookie("session");
      const resolveHost = jwtUser({ secrets: [current], audience: "app", cookie });
      const asked = (cookies: string) =>
        resolveHost(new Request("https://app.example/", { headers: { cookie: cookies } }));
      const [mine, others] = [await token(), await token({ sub: "mallory" })];
      const name = "__Host-session";
      for (const alike of [space + name, name + space]) {
        expect(await asked(`${alike}=${others}; \t${name} = ${mine}\t`)).toBe("ada");
        expect(await asked(`a=b; ${alike}=${others}`)).toBeUndefined();
      }
    },
  );

  test("a token that is signed with the secret that is being rotated out names its user", async () => {
    expect(
      await resolve(request({ authorization: `Bearer ${await token({ secret: previous })}` })),
    ).toBe("ada");
  });

  test.each<[string, () => Promise<string> | string]>([
    ["another secret", () => token({ secret: "a secret that no server of ours has used" })],
    ["another algorithm", () => token({ alg: "HS512" })],
    ["another audience", () => token({ aud: "elsewhere" })],
    ["an expired one", () => token({ exp: "1 minute ago" })],
    [
      "no signature",
      () => new UnsecuredJWT({ sub: "ada", aud: "app" }).setExpirationTime("5m").encode(),
    ],
    [
      "no expiry",
      () =>
        new SignJWT({ sub: "ada", aud: "app" })
          .setProtectedHeader({ alg: "HS256" })
          .sign(new TextEncoder().encode(current)),
    ],
    [
      "no subject",
      () =>
        new SignJWT({ aud: "app" })
          .setProtectedHeader({ alg: "HS256" })
          .setExpirationTime("5m")
          .sign(new TextEncoder().encode(current)),
    ],
    ...[["alice"], { name: "alice" }, 7, true, null, ""].map(
      (sub) =>
        [`the subject ${JSON.stringify(sub)}`, () => signed({ sub })] as [
          string,
          () => Promise<string>,
        ],
    ),
    ["a very long subject", () => token({ sub: "a".repeat(300) })],
    ["a very long token", () => token({ sub: "a".repeat(5000) })],
    ["junk", () => "junk"],
  ])("a token with %s names no user", async (_, make) => {
    expect(await resolve(request({ authorization: `Bearer ${await make()}` }))).toBeUndefined();
  });

  test("a request without a token, or a resolver without secrets, names no user", async () => {
    expect(await resolve(request({}))).toBeUndefined();
    expect(
      await jwtUser({ secrets: [], audience: "app" })(
        request({ authorization: `Bearer ${await token()}` }),
      ),
    ).toBeUndefined();
  });

  test("a token that no server signed names no user, as bearer and in the cookie", async () => {
    for (const [title, tampered] of tamperedTokens(await token())) {
      const asBearer = await resolve(request({ authorization: `Bearer ${tampered}` }));
      const inCookie = await resolve(request({ cookie: `session=${tampered}` }));
      expect([title, asBearer, inCookie]).toEqual([title, undefined, undefined]);
    }
  });

  test.each([
    [undefined, "ada"],
    ["JWT", "ada"],
    ["at+jwt", "ada"],
    ["application/at+jwt", "ada"],
    ["password-reset+jwt", undefined],
    ["dpop+jwt", undefined],
    ["", undefined],
    [["JWT"], undefined],
  ])("a token of the type %j names %j", async (typ, named) => {
    const typed = await new SignJWT({ sub: "ada", aud: "app" })
      .setProtectedHeader({ alg: "HS256", ...(typ === undefined ? {} : { typ: typ as string }) })
      .setExpirationTime("5m")
      .sign(new TextEncoder().encode(current));
    expect(await resolve(request({ authorization: `Bearer ${typed}` }))).toBe(named);
  });

  test("a token with an extension, or before its time, names no user", async () => {
    const early = await signed({ sub: "ada", nbf: Math.floor(Date.now() / 1000) + 60 });
    const extended = await new SignJWT({ sub: "ada", aud: "app" })
      .setProtectedHeader({ alg: "HS256", crit: ["ext"], ext: true })
      .setExpirationTime("5m")
      .sign(new TextEncoder().encode(current), { crit: { ext: true } });
    for (const wrong of [early, extended]) {
      expect(await resolve(request({ authorization: `Bearer ${wrong}` }))).toBeUndefined();
    }
  });
});

describe("jwtUser throws IDENTITY_OPTIONS_INVALID", () => {
  test.each<[string, object]>([
    ["secrets", { secrets: undefined }],
    ["secrets", { secrets: current }],
    ["secrets", { secrets: [current, ""] }],
    ["secrets", { secrets: [undefined] }],
    ["audience", { audience: undefined }],
    ["audience", { audience: "" }],
    ["audience", { audience: [] }],
  ])("jwtUser rejects %s when the options have %j", (option, change) => {
    const options = { secrets: [current], audience: "app", ...change };
    const message = expect.stringContaining(`option ${option} of jwtReader`);
    expect(() => jwtUser(options)).toThrow(
      expect.objectContaining({ code: "IDENTITY_OPTIONS_INVALID", message }),
    );
  });
});
