import { serializeItem } from "structured-headers";
import { type Decision, type LimitStatus, violated } from "#lib/core/decision";

/** What a version of the standard calls its parameters; what they mean has stayed the same. */
interface Dialect {
  /** Units in a window. */
  readonly quota: string;
  /** Seconds. */
  readonly window: string;
  /** Units that have room. */
  readonly remaining: string;
  /** Seconds until more has room. */
  readonly reset: string;
}

/** The versions of draft-ietf-httpapi-ratelimit-headers that can be written: one line each. */
const DIALECTS = {
  "draft-11": { quota: "q", window: "w", remaining: "r", reset: "t" },
} as const satisfies Record<string, Dialect>;

/** A version of the RateLimit headers' standard. */
export type HeadersVersion = keyof typeof DIALECTS;

/**
 * Whether X-RateLimit-* are sent: beside the standard's headers (true), in their place ("only", for
 * clients that read RateLimit as an older draft had it), or not.
 */
export type LegacyHeaders = boolean | "only";

/** The largest Integer of structured fields (RFC 9651): 15 digits. */
const MAX_INTEGER = 999_999_999_999_999;

/** The headers that a page's script may read when its origin is allowed. */
export const EXPOSED =
  "RateLimit, RateLimit-Policy, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset";

/**
 * Writes how the limits stand into `headers`: RateLimit and RateLimit-Policy of
 * draft-ietf-httpapi-ratelimit-headers, Retry-After (RFC 9110) on a refusal, and on wish
 * X-RateLimit-*. All times are whole seconds, rounded up.
 *
 * A refusal's RateLimit names only the limits that refused: Retry-After must not be earlier than
 * any `t`, and another limit may reset much later.
 *
 * @param version of the draft
 * @throws {SerializeError} of structured-headers, where a limit's name is not printable ASCII; the
 * policy lets no such name pass
 */
export function writeLimitHeaders(
  headers: Headers,
  decision: Decision,
  legacy: LegacyHeaders,
  version: HeadersVersion = "draft-11",
): void {
  if (decision.retryAfterMs !== undefined) {
    headers.set("Retry-After", String(seconds(decision.retryAfterMs)));
  }
  if (decision.limits.length === 0) return;
  const shown = decision.allowed ? decision.limits : violated(decision);
  if (legacy !== "only") writeStandardHeaders(headers, decision.limits, shown, DIALECTS[version]);
  if (legacy !== false) writeLegacyHeaders(headers, shown, Date.now());
}

function writeStandardHeaders(
  headers: Headers,
  limits: readonly LimitStatus[],
  shown: readonly LimitStatus[],
  dialect: Dialect,
): void {
  headers.set("RateLimit-Policy", limits.map((status) => policyItem(status, dialect)).join(", "));
  // What refused may be a limit that this client is not told of; an empty list is no header.
  if (shown.length === 0) return;
  headers.set("RateLimit", shown.map((status) => limitItem(status, dialect)).join(", "));
}

function policyItem({ policyName, limit, windowMs }: LimitStatus, dialect: Dialect): string {
  return `${quoted(policyName)};${dialect.quota}=${whole(limit)};${dialect.window}=${seconds(windowMs)}`;
}

function limitItem({ policyName, remaining, resetMs }: LimitStatus, dialect: Dialect): string {
  const item = `${quoted(policyName)};${dialect.remaining}=${whole(remaining)}`;
  return resetMs > 0 ? `${item};${dialect.reset}=${seconds(resetMs)}` : item;
}

/** Limits' names as structured fields write them: policies have few, and they stay. */
const quotedNames = new Map<string, string>();

/** More than a policy has; beyond it a name is written anew each time. */
const MOST_NAMES = 10_000;

function quoted(name: string): string {
  const known = quotedNames.get(name);
  if (known !== undefined) return known;
  const written = serializeItem([name, new Map()]);
  if (quotedNames.size < MOST_NAMES) quotedNames.set(name, written);
  return written;
}

/**
 * The older names describe one limit: the one with the least capacity, and of several the one that
 * takes longest. Reset is in seconds since 1970, as most write it, on the clock of the answer's own
 * Date header: a client compares the two, and the store's clock may be another.
 *
 * @param now the answer's time, in milliseconds since 1970
 */
function writeLegacyHeaders(headers: Headers, shown: readonly LimitStatus[], now: number): void {
  const [tightest] = shown.toSorted((a, b) => a.remaining - b.remaining || b.resetMs - a.resetMs);
  if (!tightest) return;
  headers.set("X-RateLimit-Limit", String(whole(tightest.limit)));
  headers.set("X-RateLimit-Remaining", String(whole(tightest.remaining)));
  headers.set("X-RateLimit-Reset", String(seconds(now + tightest.resetMs)));
}

function seconds(ms: number): number {
  return whole(Math.ceil(ms / 1000));
}

function whole(n: number): number {
  return Math.min(Math.floor(n), MAX_INTEGER);
}
