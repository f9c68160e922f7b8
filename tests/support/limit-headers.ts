import { type Item, parseList } from "structured-headers";
import type { Decision, LimitStatus } from "#lib/core/decision";
import { type LegacyHeaders, writeLimitHeaders } from "#lib/respond/headers";

/** The time of a decision, in milliseconds since 1970. */
export const AT = 1_750_000_000_000;

/** Returns the decision about limits. */
export function decisionOf(limits: readonly LimitStatus[], at: number | undefined = AT): Decision {
  const waits = limits.map(({ waitMs }) => waitMs);
  const allowed = waits.every((wait) => wait === 0);
  const never = waits.includes(undefined);
  return {
    allowed,
    reason: allowed ? "within-limit" : "over-limit",
    limits,
    shadows: [],
    retryAfterMs: allowed || never ? undefined : Math.max(...waits.map((wait) => wait ?? 0)),
    at,
    counted: "in-store",
  };
}

/** Returns the limit headers of a decision. */
export function headersOf(given: Decision, legacy: LegacyHeaders = false): Headers {
  const headers = new Headers();
  writeLimitHeaders(headers, given, legacy);
  return headers;
}

/** Returns the items of a structured list in a header. */
export const listOf = (headers: Headers, name: string) =>
  parseList(headers.get(name) ?? "") as Item[];
