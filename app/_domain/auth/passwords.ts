import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";

/** A stored password: PBKDF2-HMAC-SHA-256 (RFC 8018) with its parameters. */
export interface PasswordHash {
  readonly iterations: number;
  readonly salt: Uint8Array<ArrayBuffer>;
  readonly hash: Uint8Array<ArrayBuffer>;
}

/**
 * The number that OWASP recommends for SHA-256. Cloudflare rejects more than 100,000, so each entry
 * names its number.
 */
export const ITERATIONS = 600_000;

/** With more iterations, one attempt would use seconds of processor time. */
const MAX_ITERATIONS = 2_000_000;
const HASH_BYTES = 32;
const KEPT = /^pbkdf2-sha256:(\d{1,7}):((?:[0-9a-f]{2}){16,64}):((?:[0-9a-f]{2}){32})$/;

/** Hashes a password with a new salt: `pbkdf2-sha256:<iterations>:<salt>:<hash>`, both in hex. */
export async function hashPassword(password: string, iterations = ITERATIONS): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const hash = await derive(password, salt, iterations);
  return ["pbkdf2-sha256", iterations, bytesToHex(salt), bytesToHex(hash)].join(":");
}

/** Reads the output of {@link hashPassword}; returns undefined for any other text. */
export function parsePasswordHash(text: string): PasswordHash | undefined {
  const [, count, salt, hash] = KEPT.exec(text) ?? [];
  const iterations = Number(count);
  if (!salt || !hash || iterations < 1 || iterations > MAX_ITERATIONS) return undefined;
  return { iterations, salt: bytesOf(salt), hash: bytesOf(hash) };
}

/** Returns true when a password matches the hash. A wrong password takes the same time. */
export async function verifyPassword(password: string, kept: PasswordHash): Promise<boolean> {
  const found = await derive(password, kept.salt, kept.iterations);
  let difference = 0;
  for (const [at, byte] of found.entries()) difference |= byte ^ (kept.hash[at] ?? 0);
  return difference === 0;
}

/**
 * Returns a hash that no password matches, so that an unknown account takes the same time as a known
 * one.
 */
export function unmatchableHash(iterations: number): PasswordHash {
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  return { iterations, salt: random(16), hash: random(HASH_BYTES) };
}

async function derive(
  password: string,
  salt: Uint8Array<ArrayBuffer>,
  iterations: number,
): Promise<Uint8Array> {
  // One character has several spellings in Unicode, and keyboards differ in the one that they type.
  const typed = new TextEncoder().encode(password.normalize("NFC"));
  const key = await crypto.subtle.importKey("raw", typed, "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, HASH_BYTES * 8));
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hexToBytes(hex));
}
