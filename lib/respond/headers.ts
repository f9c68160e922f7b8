import { type Decision, violated } from "#lib/core/decision";
import type { HeaderFormat } from "./headers/format.ts";
import * as registry from "./headers/registry.ts";
import { seconds } from "./headers/structured.ts";

type Format = (typeof registry)[keyof typeof registry];

/** The name of a format of headers. */
export type HeadersVersion = Format["name"];

/**
 * The formats that are written: the standard's (false), X-RateLimit-* beside it (true), or X-RateLimit-* in its
 * place ("only", for clients that read RateLimit as an older draft defined it).
 */
export type LegacyHeaders = Format["writtenFor"][number];

/** Every format of headers, by name. */
export const FORMATS: readonly HeaderFormat<HeadersVersion, LegacyHeaders>[] =
  Object.values(registry);

/** The headers that a page's script may read when its origin is allowed. */
export const EXPOSED = ["Retry-After", ...FORMATS.flatMap(({ headers }) => headers)]
  .toSorted()
  .join(", ");

/**
 * Writes the state of the limits into `headers`: Retry-After (RFC 9110) on a denial, and the formats of
 * `legacy`. All times are whole seconds, rounded up. The headers have at most 1 kB: only the tightest limits
 * are written when there are many.
 *
 * A denial's RateLimit names only the limits that had no capacity: Retry-After must not be earlier than
 * any `t`, and another limit may reset much later.
 *
 * @throws {SerializeError} of structured-headers, for a limit's name that is not printable ASCII; the check of
 * the policy rejects such names
 */
export function writeLimitHeaders(
  headers: Headers,
  decision: Decision,
  legacy: LegacyHeaders,
): void {
  const { allowed, limits, retryAfterMs } = decision;
  if (retryAfterMs !== undefined) headers.set("Retry-After", String(seconds(retryAfterMs)));
  if (limits.length === 0) return;
  const shown = allowed ? limits : violated(decision);
  for (const format of FORMATS) {
    if (format.writtenFor.includes(legacy)) format.write(headers, limits, shown);
  }
}
