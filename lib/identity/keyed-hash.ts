import { _SHA256 } from "@noble/hashes/sha2.js";
import { BoundedMap } from "#lib/core/bounded-map";
import type { KeyedHash } from "#lib/core/client";

export type { KeyedHash } from "#lib/core/client";

/** The longest text whose hash is kept, in UTF-16 code units: addresses and users' names are shorter. */
const MAX_KEPT_LENGTH = 300;

/**
 * Makes the hash that stands for a client in Redis: the first 128 bits of HMAC-SHA-256 (RFC 2104), in
 * base64url, over the kind and the parts, each after its length. Hashes are kept in memory, since hashing costs
 * more than a lookup. Those of long texts are not, so that the memory is bounded.
 *
 * @param keep the most hashes that are kept; at least the last half of them are
 * @param secret HEADGATE_SECRET, which must be the same on all instances of one store
 * @example
 * const keyedHash = createKeyedHash(secret);
 * keyedHash("user", "ada"); // 22 characters
 */
export function createKeyedHash(secret: string, keep = 10_000): KeyedHash {
  const keyed = hmacSha256(utf8(secret));
  const names = new BoundedMap<string, string>(keep);

  return (kind, ...parts) => {
    let subject = withLength(kind);
    for (const part of parts) subject += withLength(part);
    const known = names.get(subject);
    if (known !== undefined) return known;
    const name = shorten(keyed(bytesOf(subject)));
    if (subject.length <= MAX_KEPT_LENGTH) names.set(subject, name);
    return name;
  };
}

/** Puts a part's length before it, so that two different lists of parts never result in the same text. */
function withLength(part: string): string {
  return `${part.length}:${part}`;
}

/** UTF-8 encodes each lone half of a surrogate pair in the same way; JSON keeps them distinct. */
function bytesOf(subject: string): Uint8Array {
  return utf8(subject.isWellFormed() ? subject : JSON.stringify(subject));
}

function shorten(digest: Uint8Array): string {
  const text = btoa(String.fromCharCode(...digest.subarray(0, 16)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * Returns a number from 0 to 100 for a client key, distributed evenly and always the same, for rules that
 * decide for a percentage of the clients.
 */
export function shareOf(clientKey: string): number {
  const bytes = atob(clientKey.slice(0, 8).replaceAll("-", "+").replaceAll("_", "/"));
  let number = 0;
  for (let i = 0; i < bytes.length; i += 1) number = number * 256 + bytes.charCodeAt(i);
  return (number / 256 ** bytes.length) * 100;
}

/** Bytes in a block of SHA-256. */
const BLOCK = 64;

/**
 * Returns the function that computes HMAC-SHA-256 (RFC 2104) under a key: 32 bytes for a message. The key is
 * hashed once.
 *
 * @example
 * const tag = hmacSha256(new TextEncoder().encode(secret))(new TextEncoder().encode("a message"));
 */
export function hmacSha256(key: Uint8Array): (message: Uint8Array) => Uint8Array {
  const block = new Uint8Array(BLOCK);
  block.set(key.length > BLOCK ? new _SHA256().update(key).digest() : key);
  const inner = new _SHA256().update(block.map((byte) => byte ^ 0x36));
  const outer = new _SHA256().update(block.map((byte) => byte ^ 0x5c));
  return (message) => outer.clone().update(inner.clone().update(message).digest()).digest();
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
