import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";

/** A password as it is kept: PBKDF2-HMAC-SHA-256 (RFC 8018) with the numbers that made it. */
export interface PasswordHash {
  readonly iterations: number;
  readonly salt: Uint8Array<ArrayBuffer>;
  readonly hash: Uint8Array<ArrayBuffer>;
}

/** What OWASP asks for with SHA-256. Cloudflare refuses more than 100,000, so an entry names its own. */
export const ITERATIONS = 600_000;

/** More would let one attempt take seconds of our time. */
const MAX_ITERATIONS = 2_000_000;
const HASH_BYTES = 32;
const KEPT = /^pbkdf2-sha256:(\d{1,7}):((?:[0-9a-f]{2}){16,64}):((?:[0-9a-f]{2}){32})$/;

/** Hashes a password under a new salt: `pbkdf2-sha256:<iterations>:<salt>:<hash>`, both in hex. */
export async function hashPassword(password: string, iterations = ITERATIONS): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const hash = await derive(password, salt, iterations);
  return ["pbkdf2-sha256", iterations, bytesToHex(salt), bytesToHex(hash)].join(":");
}

/** Reads what {@link hashPassword} wrote; undefined where it is something else. */
export function parsePasswordHash(text: string): PasswordHash | undefined {
  const [, count, salt, hash] = KEPT.exec(text) ?? [];
  const iterations = Number(count);
  if (!salt || !hash || iterations < 1 || iterations > MAX_ITERATIONS) return undefined;
  return { iterations, salt: bytesOf(salt), hash: bytesOf(hash) };
}

/** Whether a password is the one that was hashed. Takes as long when it is not. */
export async function verifyPassword(password: string, kept: PasswordHash): Promise<boolean> {
  const found = await derive(password, kept.salt, kept.iterations);
  let difference = 0;
  for (const [at, byte] of found.entries()) difference |= byte ^ (kept.hash[at] ?? 0);
  return difference === 0;
}

/** A hash that no password has, so that an unknown account costs what a known one does. */
export function nobodysHash(iterations: number): PasswordHash {
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  return { iterations, salt: random(16), hash: random(HASH_BYTES) };
}

async function derive(
  password: string,
  salt: Uint8Array<ArrayBuffer>,
  iterations: number,
): Promise<Uint8Array> {
  // One character has several spellings in Unicode; keyboards differ in which they type.
  const typed = new TextEncoder().encode(password.normalize("NFC"));
  const key = await crypto.subtle.importKey("raw", typed, "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, HASH_BYTES * 8));
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hexToBytes(hex));
}
