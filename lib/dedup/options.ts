import { textProblem, wholeProblem } from "#lib/core/argument";
import { type Duration, durationMs, durationProblem } from "#lib/core/duration";
import { HeadgateError } from "#lib/core/errors";

/**
 * How long a thing counts as seen: a fixed time after it was first seen, or a time after it was last
 * seen, until it is `maxAge` old.
 */
export type Window =
  | Duration
  | {
      /**
       * How long a key is a duplicate, counted from the last time. A number means seconds.
       * @example
       * await dedup.claim("visit-7", { window: { sliding: "30 minutes", maxAge: "1 day" } });
       */
      readonly sliding: Duration;
      /**
       * How long a key is a duplicate at most, counted from the first time. A number means seconds.
       * @example
       * await dedup.claim("visit-7", { window: { sliding: "30 minutes", maxAge: "1 day" } });
       */
      readonly maxAge: Duration;
    };

/** A window in milliseconds; `maxAge` is 0 for a fixed window. */
export interface WindowMs {
  readonly window: number;
  readonly maxAge: number;
}

const DAY_MS = 24 * 3600 * 1000;

/** The longest lease and the longest window: 31 days, in milliseconds. */
const MAX_MS = 31 * DAY_MS;

/** The longest time that a counter or a stream is kept after its last change: a year, in milliseconds. */
export const MAX_KEEP_MS = 366 * DAY_MS;

/** @throws {HeadgateError} DEDUP_BAD_ARGUMENT */
export function readDuration(name: string, given: Duration, most = MAX_MS): number {
  const problem = durationProblem(name, given, most);
  if (problem !== undefined) throw badArgument(problem);
  return durationMs(given) ?? most;
}

/** @throws {HeadgateError} DEDUP_BAD_ARGUMENT */
export function readWindow(given: Window): WindowMs {
  if (typeof given !== "object") return { window: readDuration("window", given), maxAge: 0 };
  const maxAge = readDuration("window.maxAge", given.maxAge);
  return { window: readDuration("window.sliding", given.sliding, maxAge), maxAge };
}

/** @throws {HeadgateError} DEDUP_BAD_ARGUMENT */
export function checkKey(key: unknown): asserts key is string {
  const problem = textProblem("key", key);
  if (problem !== undefined) throw badArgument(problem);
}

/** @throws {HeadgateError} DEDUP_BAD_ARGUMENT */
export function checkTtl(ttlSeconds: number): void {
  checkWhole("ttlSeconds", ttlSeconds, 1, MAX_MS / 1000, "seconds");
}

/** @throws {HeadgateError} DEDUP_BAD_ARGUMENT */
export function checkWhole(...argument: Parameters<typeof wholeProblem>): void {
  const problem = wholeProblem(...argument);
  if (problem !== undefined) throw badArgument(problem);
}

export function badArgument(message: string): HeadgateError {
  return new HeadgateError("DEDUP_BAD_ARGUMENT", message);
}
