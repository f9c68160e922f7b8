import type { HeaderFormat } from "./format.ts";
import { seconds, tighter, whole } from "./structured.ts";

/**
 * The older headers, which no standard defines. They describe one limit: the one with the least capacity, and
 * among several of these the one with the longest wait.
 */
export const X_RATELIMIT: HeaderFormat<"x-ratelimit", true | "only"> = {
  name: "x-ratelimit",
  headers: ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"],
  writtenFor: [true, "only"],
  write(headers, _, shown) {
    const [tightest] = shown.toSorted(tighter);
    if (!tightest) return;
    headers.set("X-RateLimit-Limit", String(whole(tightest.limit)));
    headers.set("X-RateLimit-Remaining", String(whole(tightest.remaining)));
    // The clock is that of the response's Date header, since a client compares the two, and the store's clock
    // may differ.
    headers.set("X-RateLimit-Reset", String(seconds(Date.now() + tightest.resetMs)));
  },
};

/** @public The table in docs/reference/headers.md reads it by the file's name. */
export const WORDS =
  "the tightest limit, what is left of it, and when there is more, in seconds since 1970";
