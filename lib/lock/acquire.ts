import { monotonic } from "#lib/core/clock";
import { HeadgateError } from "#lib/core/errors";
import { StoreError } from "#lib/redis/errors";
import { runScriptWithRetry } from "#lib/redis/script";
import { holdLock, type Lock } from "./held.ts";
import {
  checkKey,
  type HoldMs,
  type HoldOptions,
  readHold,
  readWait,
  type WaitOptions,
} from "./options.ts";
import type { LocksOptions } from "./parts.ts";
import { ACQUIRE, RELEASE } from "./scripts.ts";

/** What an attempt came to: the lock, or for how many milliseconds its holder's lease still runs. */
export type Attempt = Lock | { readonly heldForMs: number };

export interface Acquiring {
  /**
   * Takes a lock that nobody holds; null where somebody does. One round trip.
   *
   * @throws {HeadgateError} LOCK_BAD_ARGUMENT
   * @throws {StoreError} where nobody knows who holds it
   */
  tryAcquire: (key: string, options?: HoldOptions) => Promise<Lock | null>;
  /**
   * The same, and waits while somebody holds it.
   *
   * @throws {HeadgateError} LOCK_BAD_ARGUMENT; LOCK_NOT_ACQUIRED where the wait was over first
   * @throws {StoreError} where nobody knows who holds it
   * @throws the signal's reason, where that ended the wait
   */
  acquire: (key: string, options?: WaitOptions) => Promise<Lock>;
}

/** Makes what takes locks. */
export function createAcquire(parts: LocksOptions): Acquiring {
  async function attempt(key: string, hold: HoldMs): Promise<Attempt> {
    const { name, names } = namesOf(parts, key);
    const token = newToken();
    const askedAt = monotonic();
    let answer: unknown;
    try {
      answer = await runScriptWithRetry(parts.redis, ACQUIRE, names, [token, hold.ttl]);
    } catch (error) {
      giveUp(parts, name, token);
      throw error;
    }
    const [code, detail] = readAnswer(answer);
    if (code !== 1) return { heldForMs: leftOf(detail) };
    const lock = holdLock(parts, { ...hold, name, token, fence: detail, askedAt });
    // The answer took longer than the lease: it is as good as somebody else's.
    if (!lock.signal.aborted) return lock;
    await lock.release();
    return { heldForMs: 0 };
  }

  return {
    async tryAcquire(key, options = {}) {
      const taken = await attempt(key, readHold(options));
      return "token" in taken ? taken : null;
    },
    async acquire(key, options = {}) {
      const hold = readHold(options);
      const waiting = createWaiting(readWait(options), options.signal);
      for (;;) {
        const taken = await attempt(key, hold);
        if ("token" in taken) return orGone(taken, options.signal);
        if (!(await waiting.next(taken.heldForMs))) throw notAcquired(taken.heldForMs);
      }
    },
  };
}

/** A lock's names in Redis: its own alone, and with its fence's. */
export function namesOf({ keys, keyedHash }: LocksOptions, key: string) {
  checkKey(key);
  const hash = keyedHash("lock", key);
  const name = keys.lock(hash);
  return { hash, name, names: [name, keys.fenceOf(name)] };
}

/** It may be ours without our knowing: then nobody else should wait for its end. */
export function giveUp(
  { redis, onFailure }: Pick<LocksOptions, "redis" | "onFailure">,
  name: string,
  token: string,
): void {
  runScriptWithRetry(redis, RELEASE, [name], [token]).catch((error: unknown) =>
    onFailure("releasing a lock", error),
  );
}

/** @throws {StoreError} STORE_BAD_ANSWER */
export function readAnswer(answer: unknown): readonly [code: number, detail: number] {
  if (Array.isArray(answer) && typeof answer[0] === "number") return [answer[0], Number(answer[1])];
  throw new StoreError("STORE_BAD_ANSWER", "A lock's answer is not what its script answers.");
}

/** Milliseconds of a lease; for ever where the key was made by another hand and has no end. */
export function leftOf(pttl: number): number {
  return pttl >= 0 ? pttl : Infinity;
}

/** The lock, unless whoever waited for it has gone meanwhile. */
async function orGone(lock: Lock, signal: AbortSignal | undefined): Promise<Lock> {
  if (signal?.aborted) await lock.release();
  signal?.throwIfAborted();
  return lock;
}

/** 128 random bits in hex. */
export function newToken(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

export function notAcquired(heldForMs: number): HeadgateError {
  return new HeadgateError(
    "LOCK_NOT_ACQUIRED",
    `Somebody else holds the lock${Number.isFinite(heldForMs) ? `, and for ${heldForMs} ms more unless it is released` : " and its key has no end"}. Wait for longer, or come later.`,
  );
}

/** Waits between attempts grow from the first to the longest, in milliseconds. */
const FIRST_WAIT_MS = 20;
const LONGEST_WAIT_MS = 500;

/**
 * Waits between attempts: each time for any part of twice as long as before (full jitter), so that
 * those who wait do not come at once; not much beyond the end of the holder's lease; and in all no
 * longer than `ms`.
 */
export function createWaiting(ms: number, signal: AbortSignal | undefined) {
  const until = monotonic() + ms;
  let most = FIRST_WAIT_MS;
  return {
    /**
     * Waits for the next attempt; false, at once, where there is no time for one.
     *
     * @throws the signal's reason
     */
    async next(heldForMs: number): Promise<boolean> {
      signal?.throwIfAborted();
      const left = until - monotonic();
      if (left <= 0) return false;
      const jitter = Math.random() * most;
      most = Math.min(most * 2, LONGEST_WAIT_MS);
      // A lease that ends before is worth being there; those who wait for it come one after the other.
      await pause(Math.min(jitter, heldForMs + Math.random() * FIRST_WAIT_MS, left), signal);
      return true;
    },
  };
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end);
  });
  signal?.throwIfAborted();
}
