import { encode } from "@auth/core/jwt";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { CompactEncrypt, EncryptJWT } from "jose";
import { AUTHJS_SECRET } from "./authjs.ts";

/** The session's cookie without https, and the one over https. */
export const PLAIN = "authjs.session-token";
export const SECURE = `__Secure-${PLAIN}`;

/** Returns a session as `encode` of @auth/core/jwt writes it. */
export const session = (
  given: { sub?: unknown; maxAge?: number; secret?: string; salt?: string } = {},
) =>
  encode({
    token: { sub: "ada", ...("sub" in given ? { sub: given.sub as string } : {}) },
    secret: given.secret ?? AUTHJS_SECRET,
    salt: given.salt ?? SECURE,
    ...(given.maxAge === undefined ? {} : { maxAge: given.maxAge }),
  });

/** Returns the key of Auth.js 5, for headers that its `encode` does not write. */
export const keyOf = (secret: string, size: number) =>
  hkdf(
    sha256,
    utf8ToBytes(secret),
    utf8ToBytes(SECURE),
    utf8ToBytes(`Auth.js Generated Encryption Key (${SECURE})`),
    size,
  );

/** Returns a session with claims, whose header `encode` does not write. */
export function withHeader(
  header: object,
  claims: object,
  secret = AUTHJS_SECRET,
): Promise<string> {
  return new CompactEncrypt(utf8ToBytes(JSON.stringify(claims)))
    .setProtectedHeader({ alg: "dir", enc: "A256CBC-HS512", ...header })
    .encrypt(keyOf(secret, 64), { crit: { ext: true } });
}

export const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

/** Returns a session as `encode` of next-auth/jwt 4.24 writes it. The package is not installed. */
export function nextAuth4(sub: string, exp = inAnHour()): Promise<string> {
  const info = utf8ToBytes("NextAuth.js Generated Encryption Key");
  return new EncryptJWT({ sub, name: "Ada" })
    .setProtectedHeader({ alg: "dir", enc: "A256GCM" })
    .setIssuedAt()
    .setExpirationTime(exp)
    .setJti("one")
    .encrypt(hkdf(sha256, utf8ToBytes(AUTHJS_SECRET), utf8ToBytes(""), info, 32));
}
