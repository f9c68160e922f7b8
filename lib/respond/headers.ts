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

/**
 * The most bytes that the values of RateLimit and RateLimit-Policy have together. With their names, and
 * X-RateLimit-* beside them, that is less than 1 kB: proxies bound the headers of an answer, nginx by
 * default to 4 kB, and answer 502 when there are more.
 */
const MAX_BYTES = 850;

/** The headers that a page's script may read when its origin is allowed. */
export const EXPOSED =
  "RateLimit, RateLimit-Policy, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset";

/**
 * Writes how the limits stand into `headers`: RateLimit and RateLimit-Policy of
 * draft-ietf-httpapi-ratelimit-headers, Retry-After (RFC 9110) on a denial, and on request
 * X-RateLimit-*. All times are whole seconds, rounded up. All of it is at most 1 kB: of many limits the
 * tightest are told.
 *
 * A denial's RateLimit names only the limits that had no capacity: Retry-After must not be earlier than
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
  const items = fitting(
    limits.map((status) => ({
      status,
      policy: policyItem(status, dialect),
      limit: shown.includes(status) ? limitItem(status, dialect) : undefined,
    })),
  );
  headers.set("RateLimit-Policy", items.map(({ policy }) => policy).join(", "));
  // The limit that denied may be one that this client is not told of; an empty list is no header.
  const told = items.flatMap(({ limit }) => limit ?? []);
  if (told.length > 0) headers.set("RateLimit", told.join(", "));
}

/** One limit as the two headers tell it. */
interface Items {
  readonly status: LimitStatus;
  readonly policy: string;
  /** Undefined where RateLimit does not name the limit. */
  readonly limit: string | undefined;
}

/** Those that fit in {@link MAX_BYTES}, in their order: the limits that RateLimit names, tightest first. */
function fitting(all: readonly Items[]): readonly Items[] {
  const sizeOf = ({ policy, limit }: Items) => policy.length + 2 + (limit ? limit.length + 2 : 0);
  if (all.reduce((sum, each) => sum + sizeOf(each), 0) <= MAX_BYTES) return all;
  const ranked = all.toSorted(
    (a, b) => Number(!a.limit) - Number(!b.limit) || tighter(a.status, b.status),
  );
  let left = MAX_BYTES;
  const kept = new Set(ranked.filter((each) => (left -= sizeOf(each)) >= 0));
  return all.filter((each) => kept.has(each));
}

/** Compares by capacity, and limits of the same capacity by their wait: the tightest comes first. */
function tighter(a: LimitStatus, b: LimitStatus): number {
  return a.remaining - b.remaining || b.resetMs - a.resetMs;
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
  const [tightest] = shown.toSorted(tighter);
  if (!tightest) return;
  headers.set("X-RateLimit-Limit", String(whole(tightest.limit)));
  headers.set("X-RateLimit-Remaining", String(whole(tightest.remaining)));
  headers.set("X-RateLimit-Reset", String(seconds(now + tightest.resetMs)));
}

function seconds(ms: number): number {
  return whole(Math.ceil(ms / 1000));
}

/** A non-negative Integer of structured fields, whatever number it is made of. */
function whole(n: number): number {
  return Math.min(Math.max(Math.floor(n) || 0, 0), MAX_INTEGER);
}
