/** Why the token of an explained request names no user. Nothing of a token is printed. */

import { isHeadgateError } from "#lib/core/errors";
import { UNVERIFIED } from "#lib/identity/unverified";

/** The reason when no reader was called with a token: no secret is set, or the app reads another place. */
export const NOT_TRIED = "NOT_TRIED";

/** The code of jose for a token that another key signed. */
const OTHER_KEY = "ERR_JWS_SIGNATURE_VERIFICATION_FAILED";

/** Resolves to the result of work that verifies tokens, with the reasons why tokens did not verify meanwhile. */
export async function withReasons<T>(
  work: () => Promise<T>,
): Promise<readonly [result: T, reasons: readonly string[]]> {
  const reasons = new Set<string>();
  const listening = globalThis as { [UNVERIFIED]?: (reason: unknown) => void };
  listening[UNVERIFIED] = (reason) => void reasons.add(reasonOf(reason));
  try {
    const result = await work();
    // Each secret is tried, so the right one may give another reason.
    if (reasons.size > 1) reasons.delete(OTHER_KEY);
    return [result, [...reasons]];
  } finally {
    delete listening[UNVERIFIED];
  }
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
