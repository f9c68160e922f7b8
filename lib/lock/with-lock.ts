import { isHeadgateError } from "#lib/core/errors";
import { StoreError } from "#lib/redis/errors";
import type { Acquiring } from "./acquire.ts";
import type { Lock } from "./held.ts";
import type { WaitOptions } from "./options.ts";

export interface WithLockOptions extends WaitOptions {
  /**
   * Decides about the work when the store fails, so that the holder of the lock is unknown: "throw" the
   * store's error, "skip" the work, or "run" it without the lock.
   * @default "throw"
   * @example
   * await locks.withLock("rebuild", work, { onStoreFailure: "skip" });
   */
  readonly onStoreFailure?: "throw" | "skip" | "run";
}

/** The result of work under a lock. */
export type WithLockResult<T> =
  | {
      readonly ran: true;
      readonly value: T;
      /**
       * True when the lock was held until the work ended; false also when the work ran without a lock,
       * because the store failed.
       */
      readonly isLocked: boolean;
    }
  | {
      readonly ran: false;
      /** Another caller held the lock for the whole wait, or the store failed. */
      readonly reason: "held" | "store-failed";
    };

/**
 * Runs work while it holds a lock, and releases the lock also when the work fails. The work gets the
 * lock as its argument: the lock's `signal` aborts when the lock is lost, and its `fence` rejects
 * writes of an earlier holder. The argument is undefined when the work runs without the lock.
 *
 * @throws {HeadgateError} LOCK_BAD_ARGUMENT
 * @throws {StoreError} when the store fails or rejects the call and `onStoreFailure` is "throw"
 * @throws the signal's reason, when the signal ended the wait
 * @throws every error that the work throws
 */
export type WithLock = <T>(
  key: string,
  work: (lock: Lock | undefined) => Promise<T>,
  options?: WithLockOptions,
) => Promise<WithLockResult<T>>;

/** Makes `withLock` on top of `acquire`. */
export function createWithLock({ acquire }: Acquiring): WithLock {
  return async (key, work, { onStoreFailure = "throw", ...options } = {}) => {
    let lock: Lock;
    try {
      lock = await acquire(key, options);
    } catch (error) {
      if (isHeld(error)) return { ran: false, reason: "held" };
      // A store that rejects the call tells as little about the lock as one that does not answer.
      if (!(error instanceof StoreError) || onStoreFailure === "throw") throw error;
      if (onStoreFailure === "skip") return { ran: false, reason: "store-failed" };
      return { ran: true, value: await work(undefined), isLocked: false };
    }
    try {
      const value = await work(lock);
      return { ran: true, value, isLocked: await lock.release() };
    } finally {
      await lock.release();
    }
  };
}

function isHeld(error: unknown): boolean {
  return isHeadgateError(error) && error.code === "LOCK_NOT_ACQUIRED";
}
