/** Bytes per call of String.fromCharCode: every engine accepts a call with so many arguments. */
const CHUNK = 8192;

/** Returns bytes in base64 (RFC 4648), with padding. */
export function toBase64(...parts: readonly Uint8Array[]): string {
  let text = "";
  for (const bytes of parts) {
    for (let at = 0; at < bytes.length; at += CHUNK) {
      text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
    }
  }
  return btoa(text);
}

/** Returns the bytes of a base64 text; undefined when the text is not base64. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
