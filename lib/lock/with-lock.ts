import { isHeadgateError } from "#lib/core/errors";
import { StoreError } from "#lib/redis/errors";
import type { Acquiring } from "./acquire.ts";
import type { Lock } from "./held.ts";
import type { WaitOptions } from "./options.ts";

export interface WithLockOptions extends WaitOptions {
  /**
   * What becomes of the work when the store fails or refuses, so that it is not known who holds the
   * lock: "throw" the store's error, "skip" the work, or "run" it without the lock.
   * @default "throw"
   */
  readonly onStoreFailure?: "throw" | "skip" | "run";
}

/** What became of work under a lock. */
export type WithLockResult<T> =
  | {
      readonly ran: true;
      readonly value: T;
      /** Whether it held the lock to its end; false also where it ran without, as the store failed. */
      readonly isLocked: boolean;
    }
  | {
      readonly ran: false;
      /** Somebody else held the lock for as long as was waited; or the store failed. */
      readonly reason: "held" | "store-failed";
    };

/**
 * Does work while it holds a lock, and releases it also when the work fails. The work is given the
 * lock: its `signal` says when it is lost, its `fence` lets what it writes to refuse an older holder.
 * It is given nothing where it runs without.
 *
 * @throws {HeadgateError} LOCK_BAD_ARGUMENT
 * @throws {StoreError} when the store fails or refuses and `onStoreFailure` is "throw"
 * @throws the signal's reason, where that ended the wait
 * @throws whatever the work throws
 */
export type WithLock = <T>(
  key: string,
  work: (lock: Lock | undefined) => Promise<T>,
  options?: WithLockOptions,
) => Promise<WithLockResult<T>>;

/** Makes `withLock` of what takes locks. */
export function createWithLock({ acquire }: Acquiring): WithLock {
  return async (key, work, { onStoreFailure = "throw", ...options } = {}) => {
    let lock: Lock;
    try {
      lock = await acquire(key, options);
    } catch (error) {
      if (isHeld(error)) return { ran: false, reason: "held" };
      // A store that refuses tells as little about the lock as one that does not answer.
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
