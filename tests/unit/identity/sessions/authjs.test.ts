import { describe, expect, test } from "vitest";
import { authjsUser } from "headgate/identities/authjs";
import { AUTHJS_SECRET, authjsApp } from "../../../support/sessions/authjs.ts";
import { headerOf, pairsOf, requestWith } from "../../../support/sessions/set-cookies.ts";
import { tamperedTokens } from "../../../support/sessions/tampered.ts";
import {
  inAnHour,
  nextAuth4,
  PLAIN,
  SECURE,
  session,
  withHeader,
} from "../../../support/sessions/authjs-cookies.ts";

const resolve = authjsUser({ secret: AUTHJS_SECRET });
const named = (cookie: string) => resolve(requestWith(cookie));
const app = authjsApp();

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
