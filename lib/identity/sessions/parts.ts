import { fromBase64, toBase64 } from "#lib/core/base64";

/** The claims of a token (RFC 7519, 4), as it says them: each may be of any type. */
export type Claims = Readonly<Record<string, unknown>>;

/**
 * The most characters of a token, and of the session that cookies hold: as many as any platform takes in the
 * headers of a request. With a smaller bound a client could fill up its session until nobody is named.
 */
export const MAX_TOKEN = 131_072;

/** The most characters of a header: those of the libraries have fewer than 300. */
const MAX_HEADER = 1024;

/** The longest name of a user or a session, in UTF-16 code units. */
const MAX_NAME = 256;

/**
 * Returns the bytes of base64url (RFC 4648, 5), in each of the spellings that jose reads: with padding or
 * without, in both alphabets, with blanks between. Undefined for other text.
 */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  return fromBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
}

/** Returns bytes in base64url (RFC 4648, 5) without padding. */
export function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Returns the object that is written in JSON; undefined for other text, and for other values. */
export function objectOf(json: Uint8Array | string | undefined): Claims | undefined {
  try {
    const text = typeof json === "string" ? json : new TextDecoder().decode(json);
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Claims {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Returns the header of a token in compact form (RFC 7515, 4; RFC 7516, 4). One with `crit` names an
 * extension that must be understood, and none is.
 */
export function headerOf(text: string): Claims | undefined {
  const header = text.length <= MAX_HEADER ? objectOf(fromBase64Url(text)) : undefined;
  return header && !("crit" in header) ? header : undefined;
}

/**
 * Returns true where a token has an expiry, is not past it, and is good already (`exp`, `nbf`).
 *
 * @param tolerance how far the clock that wrote the token may be from this one, in seconds
 */
export function isCurrent({ exp, nbf, iat }: Claims, tolerance: number): boolean {
  const now = Math.floor(Date.now() / 1000);
  if (typeof exp !== "number" || exp <= now - tolerance) return false;
  if (iat !== undefined && typeof iat !== "number") return false;
  return nbf === undefined || (typeof nbf === "number" && nbf <= now + tolerance);
}

/** Returns a name as it was verified; undefined for what is no text, or too long to be a name. */
export function nameOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" && value.length <= MAX_NAME ? value : undefined;
}
