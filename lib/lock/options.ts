import { textProblem } from "#lib/core/argument";
import { type Duration, durationMs, durationProblem } from "#lib/core/duration";
import { HeadgateError } from "#lib/core/errors";

/** How a lock is held. */
export interface HoldOptions {
  /**
   * How long Redis holds the lock without renewal. The holder renews it after each third of this time. A
   * number means seconds.
   * @default "30 seconds"
   * @example
   * await locks.withLock("rebuild", work, { ttl: "1 minute" });
   */
  readonly ttl?: Duration;
  /**
   * The longest time that renewal holds the lock; the last renewal may end later. With less than `ttl` the
   * lock is never renewed. A number means seconds.
   * @default "5 minutes"
   * @example
   * await locks.withLock("rebuild", work, { maxHold: "15 minutes" });
   */
  readonly maxHold?: Duration;
}

/** How a caller waits for a lock. */
export interface WaitOptions extends HoldOptions {
  /**
   * How long to wait for a lock that another caller holds; 0 does not wait. A number means seconds.
   * @default "10 seconds"
   * @example
   * await locks.acquire("rebuild", { wait: "3 seconds" });
   */
  readonly wait?: Duration;
  /**
   * Ends the wait: the promise is rejected with the signal's reason. It does not end the lock.
   * @default the wait ends with `wait` alone
   * @example
   * await locks.acquire("rebuild", { signal: request.signal });
   */
  readonly signal?: AbortSignal;
}

/** How a lock is held, in milliseconds. */
export interface HoldMs {
  readonly ttl: number;
  readonly maxHold: number;
}

const DAY_MS = 24 * 3600 * 1000;

/** @throws {HeadgateError} LOCK_BAD_ARGUMENT */
export function readHold({ ttl = "30 seconds", maxHold = "5 minutes" }: HoldOptions): HoldMs {
  return { ttl: readDuration("ttl", ttl), maxHold: readDuration("maxHold", maxHold) };
}

/** Returns milliseconds. @throws {HeadgateError} LOCK_BAD_ARGUMENT */
export function readWait({ wait = "10 seconds" }: WaitOptions): number {
  return wait === 0 ? 0 : readDuration("wait", wait);
}

/** Returns milliseconds. @throws {HeadgateError} LOCK_BAD_ARGUMENT */
export function readDuration(name: string, given: Duration): number {
  const problem = durationProblem(name, given, DAY_MS);
  if (problem !== undefined) throw badArgument(problem);
  return durationMs(given) ?? DAY_MS;
}

/** @throws {HeadgateError} LOCK_BAD_ARGUMENT */
export function checkKey(key: unknown): asserts key is string {
  const problem = textProblem("key", key);
  if (problem !== undefined) throw badArgument(problem);
}

export function badArgument(message: string): HeadgateError {
  return new HeadgateError("LOCK_BAD_ARGUMENT", message);
}
