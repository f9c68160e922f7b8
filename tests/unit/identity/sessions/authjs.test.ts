import { encode } from "@auth/core/jwt";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { CompactEncrypt, EncryptJWT } from "jose";
import { describe, expect, test } from "vitest";
import { authjsUser } from "headgate/identities/authjs";
import { AUTHJS_SECRET, authjsApp } from "../../../support/sessions/authjs.ts";
import { headerOf, pairsOf, requestWith } from "../../../support/sessions/set-cookies.ts";
import {
  disagreements,
  inOneSpelling,
  tamperedTokens,
} from "../../../support/sessions/tampered.ts";

const PLAIN = "authjs.session-token";
const SECURE = `__Secure-${PLAIN}`;

const resolve = authjsUser({ secret: AUTHJS_SECRET });
const named = (cookie: string) => resolve(requestWith(cookie));
const app = authjsApp();

/** Returns a session as `encode` of @auth/core/jwt writes it. */
const session = (given: { sub?: unknown; maxAge?: number; secret?: string; salt?: string } = {}) =>
  encode({
    token: { sub: "ada", ...("sub" in given ? { sub: given.sub as string } : {}) },
    secret: given.secret ?? AUTHJS_SECRET,
    salt: given.salt ?? SECURE,
    ...(given.maxAge === undefined ? {} : { maxAge: given.maxAge }),
  });

/** Returns the key of Auth.js 5, for headers that its `encode` does not write. */
const keyOf = (secret: string, size: number) =>
  hkdf(
    sha256,
    utf8ToBytes(secret),
    utf8ToBytes(SECURE),
    utf8ToBytes(`Auth.js Generated Encryption Key (${SECURE})`),
    size,
  );

function withHeader(header: object, claims: object, secret = AUTHJS_SECRET): Promise<string> {
  return new CompactEncrypt(utf8ToBytes(JSON.stringify(claims)))
    .setProtectedHeader({ alg: "dir", enc: "A256CBC-HS512", ...header })
    .encrypt(keyOf(secret, 64), { crit: { ext: true } });
}

const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

/** Returns a session as `encode` of next-auth/jwt 4.24 writes it. The package is not installed. */
function nextAuth4(sub: string, exp = inAnHour()): Promise<string> {
  const info = utf8ToBytes("NextAuth.js Generated Encryption Key");
  return new EncryptJWT({ sub, name: "Ada" })
    .setProtectedHeader({ alg: "dir", enc: "A256GCM" })
    .setIssuedAt()
    .setExpirationTime(exp)
    .setJti("one")
    .encrypt(hkdf(sha256, utf8ToBytes(AUTHJS_SECRET), utf8ToBytes(""), info, 32));
}

describe("authjsUser", () => {
  test.each([
    ["https://app.example", SECURE],
    ["http://localhost:3000", PLAIN],
  ])("authjsUser returns the user who signed in at %s, by the cookie %s", async (origin, name) => {
    const cookies = await app.signIn("ada", origin);
    expect(pairsOf(cookies).map(([each]) => each)).toContain(name);
    expect(await named(cookies)).toBe("ada");
    expect(await app.userOf(cookies, origin)).toBe("ada");
  });

  test("authjsUser returns the user of a session in chunks, in any order", async () => {
    const large = authjsApp({}, 6000);
    const cookies = await large.signIn("ada");
    const chunks = pairsOf(cookies).filter(([name]) => name.startsWith(SECURE));
    expect(chunks.map(([name]) => name)).toEqual([`${SECURE}.0`, `${SECURE}.1`, `${SECURE}.2`]);
    expect(await named(cookies)).toBe("ada");
    expect(await named(headerOf(chunks.toReversed()))).toBe("ada");
    for (const [missing] of chunks) {
      expect(await named(headerOf(chunks.filter(([name]) => name !== missing)))).toBeUndefined();
    }
  });

  test("authjsUser returns the user of a session of NextAuth 4", async () => {
    const token = await nextAuth4("ada");
    expect(await named(`next-auth.session-token=${token}`)).toBe("ada");
    expect(await named(`__Secure-next-auth.session-token=${token}`)).toBe("ada");
    expect(await named(`next-auth.session-token=${await nextAuth4("ada", 1000)}`)).toBeUndefined();
    for (const [title, tampered] of tamperedTokens(token)) {
      const found = await named(`next-auth.session-token=${tampered}`);
      expect([title, found]).toEqual([title, undefined]);
    }
  });

  test.each(["A256CBC-HS512", "A256GCM"])(
    "authjsUser returns the user of a session of %s in each spelling of base64 that a version of jose reads",
    async (enc) => {
      const isV5 = enc === "A256CBC-HS512";
      const name = isV5 ? SECURE : "next-auth.session-token";
      for (let i = 0; i < 20; i += 1) {
        const token = isV5 ? await session() : await nextAuth4("ada");
        const [head, , iv = "", text = "", tag = ""] = token.split(".");
        const inBase64 = [iv, text, tag].map((part) =>
          part.replaceAll("-", "+").replaceAll("_", "/"),
        );
        const cookies = [
          `${head}..${inBase64.join(".")}`,
          `${head}..!${iv}.${text.slice(0, 5)}*\u00A0${text.slice(5)}.${tag}\u00E9`,
          ...["=", "==junk", "%20"].map((more) => `${token}${more}`),
          // After a whole number of bytes, one more character adds no byte.
          ...(iv.length % 4 === 0 ? [`${head}..${iv}A.${text}.${tag}`] : []),
        ];
        for (const cookie of cookies) {
          expect([cookie, await named(`${name}=${cookie}`)]).toEqual([cookie, "ada"]);
        }
      }
    },
  );

  test("authjsUser decrypts with the secret that is rotated out when the session names it", async () => {
    const both = ["a newer secret of the tests", AUTHJS_SECRET];
    const rotating = authjsUser({ secret: () => [undefined, ...both] });
    const cookies = await app.signIn("ada");
    expect(await rotating(requestWith(cookies))).toBe("ada");
    expect(await authjsApp({ secret: both }).userOf(cookies)).toBe("ada");
    const nameless = async (secret: string) =>
      `${SECURE}=${await withHeader({}, { sub: "ada", exp: inAnHour() }, secret)}`;
    const newer = await nameless(both[0] ?? "");
    const older = await nameless(AUTHJS_SECRET);
    expect(await rotating(requestWith(newer))).toBe("ada");
    expect(await rotating(requestWith(older))).toBeUndefined();
    expect(await authjsApp({ secret: both }).userOf(older)).toBeUndefined();
  });

  test("authjsUser reads the cookie of another name, and returns the user by a function of the claims", async () => {
    const own = authjsUser({
      secret: AUTHJS_SECRET,
      cookie: "sid",
      user: (claims) => `tenant:${String(claims["sub"])}`,
    });
    const renamed = authjsApp({ cookies: { sessionToken: { name: "sid" } } });
    const cookies = await renamed.signIn("ada");
    expect(await own(requestWith(cookies))).toBe("tenant:ada");
    expect(await named(cookies)).toBeUndefined();
  });

  test("authjsUser returns no user for a database session, or without a session", async () => {
    const databases = `${SECURE}=0b5c6f4e-5a40-4c5c-8d3a-5a7a5f1c2f10`;
    expect(await named(databases)).toBeUndefined();
    expect(await named("")).toBeUndefined();
    expect(await resolve(new Request("https://app.example/"))).toBeUndefined();
  });
});

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

describe("authjsUser throws IDENTITY_OPTIONS_INVALID", () => {
  test.each([undefined, "", [], [undefined], 7, ["a secret", 7]])(
    "authjsUser rejects the secret %j, at once or at the first request",
    async (secret) => {
      const wrong = secret as string;
      const error = {
        code: "IDENTITY_OPTIONS_INVALID",
        message: expect.stringMatching(/\bsecret of authjsUser\b/),
      };
      expect(() => authjsUser({ secret: wrong })).toThrow(expect.objectContaining(error));
      const later = authjsUser({ secret: () => wrong });
      const cookie = `${SECURE}=${await session()}`;
      await expect(later(requestWith(cookie))).rejects.toMatchObject(error);
    },
  );

  test("authjsUser's error does not hold the secret, and a function is called again until it returns one", async () => {
    const given: unknown[] = [["a secret of the app", 7], AUTHJS_SECRET, "another"];
    const later = authjsUser({ secret: () => given.shift() as string });
    const cookie = `${SECURE}=${await session()}`;
    await expect(later(requestWith(cookie))).rejects.not.toThrow("a secret of the app");
    expect(await later(requestWith(cookie))).toBe("ada");
    expect(await later(requestWith(cookie))).toBe("ada");
    expect(given).toEqual(["another"]);
  });
});
