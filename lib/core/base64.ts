/** As many bytes as a call may have arguments everywhere. */
const CHUNK = 8192;

/** Bytes in base64 (RFC 4648), with padding. */
export function toBase64(...parts: readonly Uint8Array[]): string {
  let text = "";
  for (const bytes of parts) {
    for (let at = 0; at < bytes.length; at += CHUNK) {
      text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
    }
  }
  return btoa(text);
}

/** The bytes; undefined for what is not base64. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
