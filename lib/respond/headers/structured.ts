import { serializeString } from "structured-headers";
import type { LimitStatus } from "#lib/core/decision";
import type { HeaderFormat } from "./format.ts";

/** The names of the parameters in a version of the draft. Their meaning is the same in all versions. */
interface Parameters {
  /** The parameter with the units in a window. */
  readonly quota: string;
  /** The parameter with the window in seconds. */
  readonly window: string;
  /** The parameter with the units that remain. */
  readonly remaining: string;
  /** The parameter with the seconds until more units remain. */
  readonly reset: string;
}

/** The headers of draft-ietf-httpapi-ratelimit-headers since its version 8. */
export const STRUCTURED = ["RateLimit", "RateLimit-Policy"] as const;

/** Makes the function that writes {@link STRUCTURED}, as structured fields (RFC 9651). */
export function structured(names: Parameters): HeaderFormat["write"] {
  return (headers, limits, shown) => {
    const items = fitting(
      limits.map((status) => {
        const { limit, windowMs, remaining, resetMs } = status;
        const name = serializeString(status.policyName);
        const item = `${name};${names.remaining}=${whole(remaining)}`;
        const reset = resetMs > 0 ? `;${names.reset}=${seconds(resetMs)}` : "";
        return {
          status,
          policy: `${name};${names.quota}=${whole(limit)};${names.window}=${seconds(windowMs)}`,
          limit: shown.includes(status) ? item + reset : undefined,
        };
      }),
    );
    headers.set("RateLimit-Policy", items.map(({ policy }) => policy).join(", "));
    // The limit that denied may be one that this client must not see; an empty list is no valid header.
    const standing = items.flatMap(({ limit }) => limit ?? []);
    if (standing.length > 0) headers.set("RateLimit", standing.join(", "));
  };
}

/**
 * The most bytes of the values of RateLimit and RateLimit-Policy together. With the names of the headers, and
 * X-RateLimit-* beside them, that is less than 1 kB. Proxies bound the headers of a response, nginx by default
 * to 4 kB, and return 502 for more.
 */
const MAX_BYTES = 850;

/** The items of one limit in the two headers. */
interface Items {
  readonly status: LimitStatus;
  readonly policy: string;
  /** Undefined when RateLimit does not name the limit. */
  readonly limit: string | undefined;
}

/** Returns the items that fit in {@link MAX_BYTES}, in their order. Limits in RateLimit come first, the tightest before all. */
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

/** The largest Integer of structured fields (RFC 9651): 15 digits. */
const MAX_INTEGER = 999_999_999_999_999;

/** Compares by capacity, and limits of the same capacity by their wait: the tightest comes first. */
export function tighter(a: LimitStatus, b: LimitStatus): number {
  return a.remaining - b.remaining || b.resetMs - a.resetMs;
}

/** Returns milliseconds as whole seconds, rounded up. */
export function seconds(ms: number): number {
  return whole(Math.ceil(ms / 1000));
}

/** Returns any number as a non-negative Integer of structured fields. */
export function whole(n: number): number {
  return Math.min(Math.max(Math.floor(n) || 0, 0), MAX_INTEGER);
}
