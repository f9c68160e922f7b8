import { fromBase64 } from "#lib/core/base64";

/** The claims of a token (RFC 7519, 4), unchecked: each may be of any type. */
export type Claims = Readonly<Record<string, unknown>>;

/**
 * The most characters of a token, and of the session in cookies: as many as any platform accepts in the
 * headers of a request. With a smaller bound a client could pad its session until no user is found.
 */
export const MAX_TOKEN = 131_072;

/** The longest name of a user or a session, in UTF-16 code units. */
const MAX_NAME = 256;

/** Returns the bytes of base64 or base64url (RFC 4648); undefined for other text. */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  return fromBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
}

/**
 * Returns base64 in its canonical spelling, read as leniently as Node's Buffer reads it: up to the first "=",
 * without characters outside of the alphabets, and without bits at the end that make no byte.
 */
export function respelled(text: string): string {
  const [data = ""] = text.split("=", 1);
  const digits = data
    .replace(/[^\w+/-]/g, "")
    .replaceAll("+", "-")
    .replaceAll("/", "_");
  return digits.length % 4 === 1 ? digits.slice(0, -1) : digits;
}

/** Returns the object in a JSON text; undefined for invalid JSON, and for other values. */
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

/** Returns a verified name unchanged; undefined for a value that is not text, is empty, or is too long. */
export function nameOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" && value.length <= MAX_NAME ? value : undefined;
}
