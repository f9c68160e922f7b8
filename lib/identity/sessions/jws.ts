import { type Claims, fromBase64Url, headerOf, MAX_TOKEN, objectOf } from "./parts.ts";

const rsa = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" } as const;
const ecdsa = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const hmac = { name: "HMAC", hash: "SHA-256" } as const;

/** The parameters of Web Crypto by the algorithm of a signature (RFC 7518, 3.1). */
const ALGORITHMS = { RS256: rsa, ES256: ecdsa, HS256: hmac } as const;

/** A key and the one algorithm that it is for, so that no token chooses another. */
export interface JwsKey {
  readonly alg: keyof typeof ALGORITHMS;
  readonly key: CryptoKey;
}

/** A token whose signature is right. What its claims say is for the caller to check. */
export interface Jws {
  readonly header: Claims;
  readonly claims: Claims;
}

/**
 * Verifies a token in the compact form of a signature (RFC 7515, 7.1); undefined for one that is not signed
 * by the key that its header asks for.
 */
export async function verifyJws(
  token: string,
  keyFor: (header: Claims) => JwsKey | undefined,
): Promise<Jws | undefined> {
  const parts = token.length <= MAX_TOKEN ? token.split(".", 4) : [];
  const [head = "", body = "", mark = ""] = parts;
  const header = parts.length === 3 ? headerOf(head) : undefined;
  const signature = fromBase64Url(mark);
  const found = header && keyFor(header);
  if (!found || !signature || header["alg"] !== found.alg) return undefined;
  if (!["JWT", undefined].includes(header["typ"] as string)) return undefined;
  if (!(await isSigned(found, signature, `${head}.${body}`))) return undefined;
  const claims = objectOf(fromBase64Url(body));
  return claims && { header, claims };
}

/** Returns true where the text is signed by the key. Web Crypto compares in constant time. */
export async function isSigned(
  { alg, key }: JwsKey,
  signature: Uint8Array<ArrayBuffer>,
  text: string,
): Promise<boolean> {
  const bytes = new TextEncoder().encode(text);
  // Some runtimes throw for a signature of the wrong length.
  return crypto.subtle.verify(ALGORITHMS[alg], key, signature, bytes).catch(() => false);
}

/** Imports the secret of HMAC-SHA-256. */
export async function secretKey(secret: string): Promise<JwsKey> {
  const bytes = new TextEncoder().encode(secret);
  const key = await crypto.subtle.importKey("raw", bytes, hmac, false, ["verify"]);
  return { alg: "HS256", key };
}

/** Imports a public key in PEM (SPKI), for RS256. */
export async function pemKey(spki: Uint8Array<ArrayBuffer>): Promise<JwsKey> {
  const key = await crypto.subtle.importKey("spki", spki, rsa, false, ["verify"]);
  return { alg: "RS256", key };
}

/**
 * Imports the public half of a JWK (RFC 7517): RSA for RS256, P-256 for ES256. Undefined for a key of another
 * kind or another algorithm; a secret is no public key.
 */
export async function publicKey(jwk: Claims): Promise<JwsKey | undefined> {
  const { kty, crv, n, e, x, y } = jwk as JsonWebKey;
  const alg = kty === "RSA" ? "RS256" : kty === "EC" && crv === "P-256" ? "ES256" : undefined;
  if (!alg || ![alg, undefined].includes(jwk["alg"] as typeof alg)) return undefined;
  const half = alg === "RS256" ? { kty, n, e } : { kty, crv, x, y };
  const given = half as JsonWebKey;
  const key = await crypto.subtle.importKey("jwk", given, ALGORITHMS[alg], false, ["verify"]);
  return { alg, key };
}
