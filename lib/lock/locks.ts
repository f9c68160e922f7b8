import { runtimeTime } from "#lib/core/clock";
import { HeadgateError } from "#lib/core/errors";
import { runScriptWithRetry } from "#lib/redis/script";
import { type Acquiring, requestLock, createAcquire, namesOf, reportContended } from "./acquire.ts";
import { createFenced, type Fenced } from "./fenced.ts";
import { createFlights } from "./flight.ts";
import type { SingleFlight } from "./flight-options.ts";
import { readDuration } from "./options.ts";
import type { LocksOptions } from "./parts.ts";
import { ACQUIRE_PLAIN, RELEASE } from "./scripts.ts";
import { createWithLock, type WithLock } from "./with-lock.ts";

export { fencedScript } from "./fenced.ts";
export type { SharedErrors } from "./flight-options.ts";
export type { Lock } from "./held.ts";
export type { HoldOptions } from "./options.ts";
export type { LocksOptions } from "./parts.ts";
export type { WithLockOptions, WithLockResult } from "./with-lock.ts";

/** Locks of all instances over one store: one instance acts at a time. */
export interface Locks extends Acquiring, Fenced {
  /**
   * Acquires a lock for at most `ttlSeconds`, without renewal. Returns the token that releases the
   * lock; null when another caller holds it, and when the store fails, so that the holder is unknown.
   *
   * @throws {HeadgateError} LOCK_BAD_ARGUMENT
   */
  acquireLock: (key: string, ttlSeconds: number) => Promise<string | null>;
  /**
   * Releases a lock. Returns false when this token no longer holds it, or the store fails.
   *
   * @throws {HeadgateError} LOCK_BAD_ARGUMENT
   */
  releaseLock: (key: string, token: string) => Promise<boolean>;
  readonly withLock: WithLock;
  readonly singleFlight: SingleFlight;
}

/**
 * Makes the locks, which let one instance act at a time. A lock's value in Redis is its token, which is
 * random.
 *
 * @example
 * const locks = createLocks(gate);
 * await locks.withLock("rebuild", async () => rebuild(), { ttl: "30 seconds" });
 */
export function createLocks(parts: LocksOptions): Locks {
  const { redis, emit, time = runtimeTime } = parts;
  const acquiring = createAcquire(parts);
  return {
    ...acquiring,
    ...createFenced(parts),
    withLock: createWithLock(acquiring),
    singleFlight: createFlights(parts),
    async acquireLock(key, ttlSeconds) {
      const [name] = namesOf(parts, key).names;
      const ttl = checkTtl(ttlSeconds);
      const calledAt = time.now();
      try {
        const { token, answer } = await requestLock(parts, ACQUIRE_PLAIN, [name], ttl);
        if (answer === 1) {
          emit({ kind: "lock", state: "acquired", waitedMs: time.now() - calledAt });
          return token;
        }
        reportContended(parts, calledAt);
      } catch (error) {
        emit({ kind: "failure", during: "lock-acquire", error });
      }
      return null;
    },
    async releaseLock(key, token) {
      const [name] = namesOf(parts, key).names;
      try {
        const isReleased = (await runScriptWithRetry(redis, RELEASE, [name], [token])) === 1;
        if (isReleased) emit({ kind: "lock", state: "released" });
        return isReleased;
      } catch (error) {
        emit({ kind: "failure", during: "lock-release", error });
        return false;
      }
    },
  };
}

/** The requirements name a number of seconds, so that a duration as text is not valid here. */
function checkTtl(ttlSeconds: number): number {
  if (typeof ttlSeconds === "number") return readDuration("ttlSeconds", ttlSeconds);
  throw new HeadgateError("LOCK_BAD_ARGUMENT", "ttlSeconds must be a number of seconds.");
}
