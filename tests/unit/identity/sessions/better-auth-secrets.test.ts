import { describe, expect, test } from "vitest";
import { betterAuthSession, betterAuthUser } from "headgate/identities/better-auth";
import { BETTER_AUTH_SECRET, betterAuthApp } from "../../../support/sessions/better-auth.ts";
import { requestWith } from "../../../support/sessions/set-cookies.ts";
import {
  type Strategy,
  TOKEN,
  DATA,
  cached,
  resolver,
  withCookies,
  valueOf,
} from "../../../support/sessions/better-auth-cookies.ts";

const secret = BETTER_AUTH_SECRET;

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
