import { parseItem } from "structured-headers";

/** What a request's header says: its key, that there is none, or that it is not one. */
export type KeyReading =
  | { readonly kind: "key"; readonly key: string }
  | { readonly kind: "missing" }
  | { readonly kind: "invalid" };

/** The header's name (draft-ietf-httpapi-idempotency-key-header-07). */
export const IDEMPOTENCY_KEY = "Idempotency-Key";

/** The longest key that is taken, in characters: as Stripe has it. */
const MAX_LENGTH = 255;

/**
 * A key without quotes, up to its parameters: characters that need no quotes, and not the beginning of
 * a byte sequence (`:`) or a date (`@`) of structured fields.
 */
const BARE = /^(?![:@])[\w.~:/+=@-]+(?=;|$)/;

/**
 * Reads the header: an item of structured fields (RFC 9651) that is a string, so in double quotes; or
 * the same text without them, as Stripe's clients send it. A bare key is text as it is written, also
 * where it looks like a number. Parameters after the key are passed over.
 */
export function readKey(headers: Headers): KeyReading {
  const given = headers.get(IDEMPOTENCY_KEY);
  if (given === null) return { kind: "missing" };
  const key = stringIn(given);
  const isKey = key !== undefined && key.length >= 1 && key.length <= MAX_LENGTH;
  return isKey ? { kind: "key", key } : { kind: "invalid" };
}

function stringIn(field: string): string | undefined {
  // A client may send as much as a header may hold; a longer one is not valid anyway.
  if (field.length > 4 * MAX_LENGTH) return undefined;
  try {
    const [value] = parseItem(field.replace(BARE, '"$&"'));
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}
