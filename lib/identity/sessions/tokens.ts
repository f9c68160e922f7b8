import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import {
  base64url,
  calculateJwkThumbprint,
  decodeProtectedHeader,
  importJWK,
  type JWK,
  jwtDecrypt,
  jwtVerify,
} from "jose";
import { unverified } from "../unverified.ts";
import { type Claims, MAX_TOKEN, respelled } from "./parts.ts";

/** The most characters of a token's header. The headers that the libraries write have fewer than 300. */
const MAX_HEADER = 1024;

/** A token whose signature and times were verified. */
interface Verified {
  readonly header: Claims;
  readonly claims: Claims;
}

interface Verifying {
  /** The accepted algorithms of signatures. A key belongs to one of them; jose rejects it for another. */
  readonly algorithms: string[];
  /**
   * The most by which the clock that wrote the token may differ from this one, in seconds.
   * @default 0
   */
  readonly clockTolerance?: number;
}

/**
 * Verifies a signed token (RFC 7519) that has an expiry. Returns undefined for a token that is not signed by
 * the key that its header names, or that is not valid now.
 */
export async function verifyToken(
  token: string,
  keyFor: (header: Claims) => CryptoKey | undefined,
  options: Verifying,
): Promise<Verified | undefined> {
  const header = headerOf(token);
  const key = header && keyFor(header);
  // A token of another type is for another purpose (RFC 8725, 3.11).
  if (!key || !["JWT", undefined].includes(header["typ"] as string)) return undefined;
  const how = { ...options, requiredClaims: ["exp"] };
  const verified = await jwtVerify(inOneSpelling(token), key, how).catch(unverified);
  return verified && { header, claims: verified.payload };
}

/** A key that encrypts tokens, with the id by which a header may name it. */
export interface TokenKey {
  /** The thumbprint of the key (RFC 7638), in base64url. */
  readonly kid: string;
  readonly enc: "A256CBC-HS512" | "A256GCM";
  /** The bytes of the key. For A256CBC-HS512 jose accepts no imported key, since it consists of two keys. */
  readonly bytes: Uint8Array;
}

/**
 * Decrypts a token (RFC 7519) that has an expiry, with the first key that fits. Returns undefined when no key
 * fits, or when the token is not valid now. A compressed token is not read, since a small one could expand to
 * a very large text.
 *
 * @param clockTolerance the most by which the clock that wrote the token may differ from this one, in seconds
 */
export async function decryptToken(
  token: string,
  keysFor: (header: Claims) => Promise<readonly TokenKey[]>,
  clockTolerance: number,
): Promise<Claims | undefined> {
  const header = headerOf(token);
  for (const { bytes, enc } of header ? await keysFor(header) : []) {
    const opened = await jwtDecrypt(inOneSpelling(token), bytes, {
      keyManagementAlgorithms: ["dir"],
      contentEncryptionAlgorithms: [enc],
      clockTolerance,
      requiredClaims: ["exp"],
      maxDecompressedLength: 0,
    }).catch(unverified);
    if (opened) return opened.payload;
  }
  return undefined;
}

/**
 * Returns a token with its last parts (the signature, or the encrypted text) in their canonical spelling. A
 * client can spell them in every way that the app's own version of jose accepts, and jose up to version 5 is as
 * lenient as Node's Buffer.
 */
function inOneSpelling(token: string): string {
  const [head, second, ...sealed] = token.split(".");
  return [head, second, ...sealed.map(respelled)].join(".");
}

/** Returns the unverified header of a token in compact form; undefined when it is invalid or too long. */
function headerOf(token: string): Claims | undefined {
  if (token.length > MAX_TOKEN || token.indexOf(".") > MAX_HEADER) return undefined;
  try {
    return decodeProtectedHeader(token);
  } catch {
    return undefined;
  }
}

/** The parameters by which a library derives a key. */
interface Derivation {
  readonly enc: TokenKey["enc"];
  readonly salt: string;
  readonly info: string;
  /** The hash that names the key. */
  readonly named: "sha256" | "sha512";
}

/** Derives a key for encrypted tokens from a secret, by HKDF-SHA-256 (RFC 5869). */
export async function derivedKey(secret: string, of: Derivation): Promise<TokenKey> {
  const { enc, named } = of;
  const size = enc === "A256GCM" ? 32 : 64;
  const key = hkdf(sha256, utf8ToBytes(secret), utf8ToBytes(of.salt), utf8ToBytes(of.info), size);
  const jwk = { kty: "oct", k: base64url.encode(key) };
  return { enc, bytes: key, kid: await calculateJwkThumbprint(jwk, named) };
}

/** Imports a secret as a key that verifies HMAC-SHA-256. */
export function secretKey(secret: string): Promise<CryptoKey> {
  const hmac = { name: "HMAC", hash: "SHA-256" };
  return crypto.subtle.importKey("raw", new TextEncoder().encode(secret), hmac, false, ["verify"]);
}

/**
 * Imports the public half of a JWK (RFC 7517): RSA for RS256, P-256 for ES256. Returns undefined for a key of
 * another type or algorithm, and for a secret.
 */
export async function publicKey(jwk: Claims): Promise<CryptoKey | undefined> {
  const { kty, crv, n, e, x, y } = jwk;
  const alg = kty === "RSA" ? "RS256" : kty === "EC" && crv === "P-256" ? "ES256" : undefined;
  if (!alg || ![alg, undefined].includes(jwk["alg"] as typeof alg)) return undefined;
  const half = alg === "RS256" ? { kty, n, e } : { kty, crv, x, y };
  return (await importJWK(half as JWK, alg)) as CryptoKey;
}
