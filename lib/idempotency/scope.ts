import { HeadgateError } from "#lib/core/errors";
import { toBase64 } from "#lib/core/base64";
import { isUnguessable } from "./guess.ts";
import { IDEMPOTENCY_KEY } from "./key.ts";

/** Whose an Idempotency-Key is. */
export interface Owner {
  /** The verified caller, or the client of a guest. */
  readonly name: string;
  readonly isGuest: boolean;
}

interface Asking<R extends Request> {
  readonly caller: (request: R) => string | undefined | Promise<string | undefined>;
  readonly guestClient?:
    | ((request: R) => string | undefined | Promise<string | undefined>)
    | undefined;
}

/** Returns whose the key of a request is; undefined where the request is run each time. */
export async function ownerOf<R extends Request>(
  request: R,
  key: string,
  { caller, guestClient }: Asking<R>,
): Promise<Owner | undefined> {
  const who = nameOf("caller", await caller(request));
  if (who !== undefined) return { name: who, isGuest: false };
  if (!guestClient || !isUnguessable(key)) return undefined;
  const client = nameOf("guestClient", await guestClient(request));
  return client === undefined ? undefined : { name: client, isGuest: true };
}

/**
 * Returns the name, or undefined when there is none: undefined, null and empty text are values that many
 * requests have in common.
 */
function nameOf(what: string, value: unknown): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value === "string") return value;
  const given = `idempotent: ${what} returned a ${typeof value}`;
  throw new HeadgateError(
    "DEDUP_BAD_ARGUMENT",
    `${given}; it must return text, or undefined where the request names nobody.`,
  );
}

/**
 * Returns what is claimed for a request, and what makes it the same request. A guest's body is a part
 * of what is claimed: another guest of the same address learns nothing of a key without its body.
 */
export async function scopeOf(
  request: Request,
  key: string,
  { name, isGuest }: Owner,
  body: Uint8Array<ArrayBuffer>,
): Promise<{ readonly claimed: string; readonly payload: string }> {
  const digest = toBase64(new Uint8Array(await crypto.subtle.digest("SHA-256", body)));
  const { pathname, search } = new URL(request.url);
  return {
    claimed: JSON.stringify([IDEMPOTENCY_KEY, name, key, ...(isGuest ? [digest] : [])]),
    payload: JSON.stringify([request.method, pathname + search, name, digest]),
  };
}
