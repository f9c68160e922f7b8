import { parseItem } from "structured-headers";

/** The result of reading the header: a key, no header, or a header that is not valid. */
export type KeyReading =
  | { readonly kind: "key"; readonly key: string }
  | { readonly kind: "missing" }
  | { readonly kind: "invalid" };

/** The header's name (draft-ietf-httpapi-idempotency-key-header-07). */
export const IDEMPOTENCY_KEY = "Idempotency-Key";

/** The longest key that is accepted, in characters: the same as Stripe's. */
const MAX_LENGTH = 255;

/**
 * A key without quotes, up to its parameters. It has only characters that need no quotes, and does not
 * begin like a byte sequence (`:`) or a date (`@`) of structured fields.
 */
const BARE = /^(?![:@])[\w.~:/+=@-]+(?=;|$)/;

/**
 * Reads the header: a string of structured fields (RFC 9651), which has double quotes, or the same text
 * without them, as Stripe's clients send it. A key without quotes is always text, also when it looks
 * like a number. Parameters after the key are ignored.
 */
export function readKey(headers: Headers): KeyReading {
  const given = headers.get(IDEMPOTENCY_KEY);
  if (given === null) return { kind: "missing" };
  const key = stringIn(given);
  const isKey = key !== undefined && key.length >= 1 && key.length <= MAX_LENGTH;
  return isKey ? { kind: "key", key } : { kind: "invalid" };
}

function stringIn(field: string): string | undefined {
  // A header may be very long; a field above this length cannot hold a valid key.
  if (field.length > 4 * MAX_LENGTH) return undefined;
  try {
    const [value] = parseItem(field.replace(BARE, '"$&"'));
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}
