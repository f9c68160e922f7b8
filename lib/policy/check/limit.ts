import { parseDuration } from "#lib/core/duration";
import type { Place, Problems } from "#lib/policy/errors";
import { parseLimit } from "./schema.ts";

export const MIN_WINDOW_MS = 1000;
export const MAX_WINDOW_MS = 31 * 24 * 60 * 60 * 1000;
/** Products of counts and milliseconds are exact up to this number, in Lua as in JavaScript. */
export const MAX_PRODUCT = 2 ** 53;

export interface ReadLimit {
  readonly limit: number;
  readonly windowMs: number;
}

/** Reads "10 per minute" or `{ limit, window }`; adds a problem and returns undefined when it is invalid. */
export function readLimit(given: unknown, place: Place, problems: Problems): ReadLimit | undefined {
  const parsed = parseLimit(given, place, problems);
  if (parsed === undefined) return undefined;
  const parts = typeof parsed === "string" ? splitText(parsed) : parsed;
  if (!parts) {
    problems.add("BAD_LIMIT", place, given);
    return undefined;
  }
  const { limit, window } = parts;
  if (!Number.isSafeInteger(limit) || limit < 1) {
    problems.add("LIMIT_BELOW_ONE", place, given);
    return undefined;
  }
  const windowMs = typeof window === "number" ? window : parseDuration(window);
  if (windowMs === undefined || !Number.isInteger(windowMs)) {
    problems.add("BAD_WINDOW", place, given);
  } else if (windowMs < MIN_WINDOW_MS) {
    problems.add("WINDOW_TOO_SHORT", place, given);
  } else if (windowMs > MAX_WINDOW_MS) {
    problems.add("WINDOW_TOO_LONG", place, given);
  } else if (limit * windowMs > MAX_PRODUCT) {
    const most = Math.floor(MAX_PRODUCT / windowMs);
    problems.add("LIMIT_TIMES_WINDOW_TOO_LARGE", place, given, most);
  } else {
    return { limit, windowMs };
  }
  return undefined;
}

function splitText(text: string) {
  const [, limit, window] = /^\s*(-?\d{1,20}(?:\.\d+)?)\s+per\s+(.{1,40})$/i.exec(text) ?? [];
  return window === undefined ? undefined : { limit: Number(limit), window };
}
