import type { Duration } from "#lib/core/duration";
import type { Lock } from "./held.ts";
import type { WaitOptions } from "./options.ts";

export interface FlightOptions extends WaitOptions {
  /**
   * How long a result is returned to later callers. A number means seconds.
   * @example
   * await locks.singleFlight("top-songs", work, { resultTtl: "5 minutes" });
   */
  readonly resultTtl: Duration;
  /**
   * How long an error is returned to later callers, which do not run the work again. A number means seconds.
   * @default "1 second"
   * @example
   * await locks.singleFlight("top-songs", work, { resultTtl: "5 minutes", errorTtl: "10 seconds" });
   */
  readonly errorTtl?: Duration;
  /**
   * How an error is passed to the callers that wait.
   * @default its message, as LOCK_FLIGHT_FAILED
   * @example
   * const errors = { write: String, read: (text: unknown) => new Error(String(text)) };
   * await locks.singleFlight("top-songs", work, { resultTtl: "5 minutes", errors });
   */
  readonly errors?: SharedErrors;
  /**
   * What happens when the store fails or rejects the call: "throw" its error, or "run" the work alone.
   * @default "throw"
   * @example
   * await locks.singleFlight("top-songs", work, { resultTtl: "5 minutes", onStoreFailure: "run" });
   */
  readonly onStoreFailure?: "throw" | "run";
}

/** How an error of the caller that ran the work becomes an error of the callers that waited. */
export interface SharedErrors {
  /**
   * Returns the error as data for JSON; undefined when the other callers should run the work
   * themselves.
   * @example
   * const errors = { write: String, read: (text: unknown) => new Error(String(text)) };
   * await locks.singleFlight("top-songs", work, { resultTtl: "5 minutes", errors });
   */
  write(error: unknown): unknown;
  /**
   * Returns the error that the other callers get, from that data.
   * @example
   * const errors = { write: String, read: (text: unknown) => new Error(String(text)) };
   * await locks.singleFlight("top-songs", work, { resultTtl: "5 minutes", errors });
   */
  read(written: unknown): unknown;
}

/** The result of `singleFlight`. */
export interface Landed<T> {
  readonly value: T;
  /** True when another caller had run the work. */
  readonly isShared: boolean;
}

/**
 * Runs work once for all concurrent callers, on all instances. The other callers get its result, as
 * JSON has it, or its error. The caller that runs the work has looked for a kept result in the same
 * script that acquired the lock. When its instance dies, another caller runs the work after the lock
 * TTL.
 *
 * @throws {HeadgateError} LOCK_BAD_ARGUMENT; LOCK_NOT_ACQUIRED when the wait ended first;
 * LOCK_FLIGHT_FAILED, or the error that `errors` makes, when another caller ran the work and failed
 * @throws {StoreError} when the store fails or rejects the call and `onStoreFailure` is "throw"
 * @throws the signal's reason, when the signal ended the wait
 * @throws every error that the work throws
 */
export type SingleFlight = <T>(
  key: string,
  work: (lock: Lock | undefined) => Promise<T>,
  options: FlightOptions,
) => Promise<Landed<T>>;
