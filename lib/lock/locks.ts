import { HeadgateError } from "#lib/core/errors";
import type { ScriptStore } from "#lib/redis/script-store";
import { asStoreError, StoreError } from "#lib/redis/errors";
import type { Keys } from "#lib/redis/keys";
import { runOwned, type Script } from "#lib/redis/script";
import { ACQUIRE, EXTEND, RELEASE } from "./scripts.ts";

export interface LocksOptions {
  readonly redis: ScriptStore;
  readonly keys: Pick<Keys, "lock">;
  /** Stands for a key in Redis, where no name of a person may be. */
  readonly pseudonym: (kind: string, value: string) => string;
  /** Hears of a store that fails; the caller sees a lock that cannot be had. */
  readonly onFailure: (what: string, error: unknown) => void;
}

/** Locks of all instances over one store: one of them acts at a time. */
export interface Locks {
  /**
   * Takes a lock for at most `ttlSeconds`. Answers the token that releases it, or null where
   * somebody holds it, and where the store fails: then nobody is known to hold it.
   *
   * @throws {HeadgateError} LOCK_BAD_ARGUMENT
   */
  acquireLock: (key: string, ttlSeconds: number) => Promise<string | null>;
  /**
   * Gives a lock back; false where this token no longer holds it, or the store fails.
   *
   * @throws {HeadgateError} LOCK_BAD_ARGUMENT
   */
  releaseLock: (key: string, token: string) => Promise<boolean>;
  /**
   * Holds a lock for `ttlSeconds` from now; false where this token no longer holds it, or the store
   * fails.
   *
   * @throws {HeadgateError} LOCK_BAD_ARGUMENT
   */
  extendLock: (key: string, token: string, ttlSeconds: number) => Promise<boolean>;
  /**
   * Does work while it holds a lock, and releases it also when the work fails. The work should take
   * less than `ttlSeconds`: then another may hold the lock.
   *
   * @throws {HeadgateError} LOCK_BAD_ARGUMENT
   * @throws {StoreError} where the store fails and `onStoreFailure` is "throw"
   * @throws whatever the work throws
   */
  useLock: <T>(
    key: string,
    ttlSeconds: number,
    work: () => Promise<T>,
    options?: UseOptions,
  ) => Promise<Used<T>>;
}

export interface UseOptions {
  /**
   * What becomes of the work while the store fails, and nobody knows who holds the lock: "throw" the
   * store's error, "skip" the work, or "run" it without the lock.
   * @default "throw"
   */
  readonly onStoreFailure?: "throw" | "skip" | "run";
}

/** What became of work under a lock. */
export type Used<T> =
  | {
      readonly ran: true;
      readonly value: T;
      /** False where it ran without the lock, since the store failed. */
      readonly isLocked: boolean;
    }
  | {
      readonly ran: false;
      /** Somebody else holds the lock; or the store failed, and the work is to be skipped. */
      readonly because: "held" | "store-failed";
    };

const MAX_TTL_SECONDS = 24 * 3600;

/** Makes the locks. A lock's value is its token, made by the runtime's own source of randomness. */
export function createLocks({ redis, keys, pseudonym, onFailure }: LocksOptions): Locks {
  async function run(script: Script, key: string, args: (string | number)[]): Promise<boolean> {
    return (await runOwned(redis, script, [keys.lock(pseudonym("lock", key))], args)) === 1;
  }

  async function releaseLock(key: string, token: string): Promise<boolean> {
    checkKey(key);
    try {
      return await run(RELEASE, key, [token]);
    } catch (error) {
      onFailure("releasing a lock", error);
      return false;
    }
  }

  /** The token; null where somebody holds the lock; or why nobody knows. */
  async function acquire(key: string, ttlSeconds: number): Promise<string | null | StoreError> {
    checkKey(key);
    const ttlMs = milliseconds(ttlSeconds);
    const token = newToken();
    try {
      return (await run(ACQUIRE, key, [token, ttlMs])) ? token : null;
    } catch (error) {
      onFailure("acquiring a lock", error);
      // It may be ours without our knowing; then nobody else should wait for its end.
      void releaseLock(key, token);
      return asStoreError(error);
    }
  }

  return {
    releaseLock,
    async acquireLock(key, ttlSeconds) {
      const acquired = await acquire(key, ttlSeconds);
      return acquired instanceof StoreError ? null : acquired;
    },
    async useLock(key, ttlSeconds, work, { onStoreFailure = "throw" } = {}) {
      const acquired = await acquire(key, ttlSeconds);
      if (acquired === null) return { ran: false, because: "held" };
      if (acquired instanceof StoreError) {
        if (onStoreFailure === "throw") throw acquired;
        if (onStoreFailure === "skip") return { ran: false, because: "store-failed" };
        return { ran: true, value: await work(), isLocked: false };
      }
      try {
        return { ran: true, value: await work(), isLocked: true };
      } finally {
        await releaseLock(key, acquired);
      }
    },
    async extendLock(key, token, ttlSeconds) {
      checkKey(key);
      const ttlMs = milliseconds(ttlSeconds);
      try {
        return await run(EXTEND, key, [token, ttlMs]);
      } catch (error) {
        onFailure("extending a lock", error);
        return false;
      }
    },
  };
}

/** A number or nothing would be the text that it is written as, which is another key. */
function checkKey(key: unknown): void {
  if (typeof key === "string") return;
  throw new HeadgateError("LOCK_BAD_ARGUMENT", `key is a ${typeof key}; allowed: text.`);
}

function milliseconds(ttlSeconds: number): number {
  if (Number.isFinite(ttlSeconds) && ttlSeconds >= 0.001 && ttlSeconds <= MAX_TTL_SECONDS) {
    return Math.ceil(ttlSeconds * 1000);
  }
  throw new HeadgateError(
    "LOCK_BAD_ARGUMENT",
    `ttlSeconds is ${ttlSeconds}; allowed: seconds from 0.001 to ${MAX_TTL_SECONDS} (a day).`,
  );
}

/** 128 random bits in hex. */
function newToken(): string {
  return crypto.randomUUID().replaceAll("-", "");
}
