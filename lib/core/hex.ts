/**
 * Returns bytes in hex.
 *
 * @example
 * toHex(new Uint8Array([1, 254])); // "01fe"
 */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
