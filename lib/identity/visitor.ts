import type { KeyedHash } from "#lib/core/client";

/** The header by which the app's own calls name the visitor: `<expiry> <address> <signature>`. */
export const VISITOR_HEADER = "x-headgate-visitor";

/** How long such a header is valid, in milliseconds, on the clock of the instance that made it. */
export const VISITOR_MS = 60_000;

/** The longest header that is read, in characters. A valid one is shorter. */
const MAX_LENGTH = 100;

/**
 * Signs an address in the form that is counted.
 *
 * @param expiry milliseconds since 1970, as text
 */
export function signVisitor(sign: KeyedHash, address: string, expiry: string): string {
  // No identity has this kind, since names of identities contain no blank.
  return `${expiry} ${address} ${sign("a visitor", address, expiry)}`;
}

/**
 * Returns the address that a visitor's header names; undefined when the header is absent, was not signed
 * with this secret, or has expired. The clocks of two instances may differ by {@link VISITOR_MS}.
 */
export function readVisitor(sign: KeyedHash, headers: Headers): string | undefined {
  const given = headers.get(VISITOR_HEADER);
  if (!given || given.length > MAX_LENGTH) return undefined;
  const [expiry = "", address = ""] = given.split(" ");
  const left = Number(expiry) - Date.now();
  if (!(left > 0 && left <= 2 * VISITOR_MS)) return undefined;
  const right = signVisitor(sign, address, expiry);
  // Hashes are compared, so that the time of the comparison does not reveal the signature.
  return sign("same", given) === sign("same", right) ? address : undefined;
}
