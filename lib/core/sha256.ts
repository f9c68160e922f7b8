import { _SHA256 } from "@noble/hashes/sha2.js";

/**
 * Returns SHA-256 (FIPS 180-4) of a text in UTF-8: 32 bytes.
 *
 * @example
 * toHex(sha256("")); // "e3b0c442…"
 */
export function sha256(text: string): Uint8Array {
  return new _SHA256().update(new TextEncoder().encode(text)).digest();
}
