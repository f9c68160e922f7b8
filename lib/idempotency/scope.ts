import { HeadgateError } from "#lib/core/errors";
import { toBase64 } from "#lib/core/base64";
import { isUnguessable } from "./guess.ts";
import { IDEMPOTENCY_KEY } from "./key.ts";

/** The owner of an Idempotency-Key. */
export interface Owner {
  /** The verified caller, or the client of a guest. */
  readonly name: string;
  readonly isGuest: boolean;
}

interface Callers<R extends Request> {
  readonly caller: (request: R) => string | undefined | Promise<string | undefined>;
  readonly guestClient?:
    | ((request: R) => string | undefined | Promise<string | undefined>)
    | undefined;
}

/** Returns the owner of a request's key; undefined when the request is run each time. */
export async function ownerOf<R extends Request>(
  request: R,
  key: string,
  { caller, guestClient }: Callers<R>,
): Promise<Owner | undefined> {
  const who = nameOf("caller", await caller(request));
  if (who !== undefined) return { name: who, isGuest: false };
  if (!guestClient || !isUnguessable(key)) return undefined;
  const client = nameOf("guestClient", await guestClient(request));
  return client === undefined ? undefined : { name: client, isGuest: true };
}

/**
 * Returns the name, or undefined for undefined, null and empty text: many requests have these values in
 * common.
 */
function nameOf(what: string, value: unknown): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value === "string") return value;
  const given = `idempotent: ${what} returned a ${typeof value}`;
  throw new HeadgateError(
    "DEDUP_BAD_ARGUMENT",
    `${given}; it must return text, or undefined when the request has no such name.`,
  );
}

/**
 * Returns the text to claim for a request, and the payload by which a repeated request is recognized. A
 * guest's body is part of the claimed text: another guest of the same address learns nothing from the
 * key without the body.
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
