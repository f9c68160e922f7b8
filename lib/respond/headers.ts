import { type Item, serializeList } from "structured-headers";
import { type Decision, type LimitStatus, violated } from "#lib/core/decision";

/** The largest Integer of structured fields (RFC 9651): 15 digits. */
const MAX_INTEGER = 999_999_999_999_999;

/** The headers that a page's script may read when its origin is allowed. */
export const EXPOSED = "RateLimit, RateLimit-Policy, Retry-After";

/**
 * Writes how the limits stand into `headers`: RateLimit and RateLimit-Policy of
 * draft-ietf-httpapi-ratelimit-headers-11, Retry-After on a refusal, and with `legacy` X-RateLimit-*.
 * All times are whole seconds, rounded up.
 *
 * A refusal's RateLimit names only the limits that refused: Retry-After must not be earlier than
 * any `t`, and another limit may reset much later.
 */
export function writeLimitHeaders(headers: Headers, decision: Decision, legacy: boolean): void {
  if (decision.limits.length === 0) return;
  const shown = decision.allowed ? decision.limits : violated(decision);
  headers.set("RateLimit-Policy", serializeList(decision.limits.map(policyItem)));
  headers.set("RateLimit", serializeList(shown.map(limitItem)));
  if (decision.retryAfterMs !== undefined) {
    headers.set("Retry-After", String(seconds(decision.retryAfterMs)));
  }
  if (legacy) writeLegacyHeaders(headers, shown, decision.at ?? 0);
}

function policyItem(status: LimitStatus): Item {
  return [
    status.policyName,
    new Map([
      ["q", bounded(status.limit)],
      ["w", seconds(status.windowMs)],
    ]),
  ];
}

function limitItem(status: LimitStatus): Item {
  const parameters = new Map([["r", bounded(status.remaining)]]);
  if (status.resetMs > 0) parameters.set("t", seconds(status.resetMs));
  return [status.policyName, parameters];
}

/** The older names, of the limit with the least room; Reset in seconds since 1970, as most do. */
function writeLegacyHeaders(headers: Headers, shown: readonly LimitStatus[], at: number): void {
  const tightest = shown.toSorted((a, b) => a.remaining - b.remaining)[0];
  if (!tightest) return;
  headers.set("X-RateLimit-Limit", String(tightest.limit));
  headers.set("X-RateLimit-Remaining", String(tightest.remaining));
  headers.set("X-RateLimit-Reset", String(seconds(at + tightest.resetMs)));
}

function seconds(ms: number): number {
  return Math.ceil(ms / 1000);
}

function bounded(n: number): number {
  return Math.min(n, MAX_INTEGER);
}
