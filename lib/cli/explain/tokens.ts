/** Why the token of an explained request names no user. Nothing of a token is printed. */

import { isHeadgateError } from "#lib/core/errors";
import { UNVERIFIED } from "#lib/identity/unverified";

/** The reason of a bearer token that names no user, when no reader of tokens gave one. */
export const UNKNOWN = "UNKNOWN";

/** The codes of jose for a token that another key signed or encrypted. */
const OTHER_KEY: ReadonlySet<string> = new Set([
  "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
  "ERR_JWE_DECRYPTION_FAILED",
]);

/** Resolves to the result of work that verifies tokens, with the reasons why tokens did not verify meanwhile. */
export async function withReasons<T>(
  work: () => Promise<T>,
): Promise<readonly [result: T, reasons: readonly string[]]> {
  const reasons = new Set<string>();
  const listening = globalThis as { [UNVERIFIED]?: (reason: unknown) => void };
  listening[UNVERIFIED] = (reason) => void reasons.add(reasonOf(reason));
  try {
    return [await work(), [...reasons]];
  } finally {
    delete listening[UNVERIFIED];
  }
}

/**
 * Returns the reasons without those of keys that do not fit, unless they are the only ones and no identity has a
 * value: each key is tried, so the token may verify with the next key, or fail with it for another reason.
 */
export function withoutTriedKeys(reasons: readonly string[], isProven: boolean): readonly string[] {
  const others = reasons.filter((reason) => !OTHER_KEY.has(reason));
  return isProven || others.length > 0 ? others : reasons;
}

/** Returns jose's code, with the claim at fault; otherwise the name of an error, or the part of the token. */
function reasonOf(reason: unknown): string {
  if (typeof reason === "string") return reason;
  if (!(reason instanceof Error)) return typeof reason;
  const { code, claim } = reason as { readonly code?: unknown; readonly claim?: unknown };
  if (typeof code !== "string" || !/^ERR_[A-Z_]+$/.test(code)) return reason.name;
  return typeof claim === "string" && /^[a-z]{3}$/.test(claim) ? `${code} (${claim})` : code;
}

/** Returns why a resolver failed. Messages of other libraries may hold a token, so of those the name is enough. */
export function failureOf(error: unknown): string {
  if (isHeadgateError(error)) return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.name : typeof error;
}
