import { runtimeTime, type Time } from "#lib/core/clock";
import { HeadgateError } from "#lib/core/errors";
import { StoreError } from "#lib/redis/errors";
import { runScriptWithRetry, type Script } from "#lib/redis/script";
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

/** The result of an attempt: the lock, or how many milliseconds remain of the holder's lock TTL. */
type Attempt = Lock | { readonly heldForMs: number };

export interface Acquiring {
  /**
   * Acquires a lock that is free; returns null when another caller holds it. One round trip.
   *
   * @throws {HeadgateError} LOCK_BAD_ARGUMENT
   * @throws {StoreError} when the store fails, so that the holder is unknown
   */
  tryAcquire: (key: string, options?: HoldOptions) => Promise<Lock | null>;
  /**
   * Acquires a lock, and waits while another caller holds it.
   *
   * @throws {HeadgateError} LOCK_BAD_ARGUMENT; LOCK_NOT_ACQUIRED when the wait ended first
   * @throws {StoreError} when the store fails, so that the holder is unknown
   * @throws the signal's reason, when the signal ended the wait
   */
  acquire: (key: string, options?: WaitOptions) => Promise<Lock>;
}

/** Makes the functions that acquire locks. */
export function createAcquire(parts: LocksOptions): Acquiring {
  const { time = runtimeTime } = parts;
  async function attempt(key: string, hold: HoldMs, calledAt: number): Promise<Attempt> {
    const { names } = namesOf(parts, key);
    const { token, requestedAt, answer } = await requestLock(parts, ACQUIRE, names, hold.ttl);
    const [code, detail] = readAnswer(answer);
    if (code !== 1) return { heldForMs: leftOf(detail) };
    const [name] = names;
    const lock = holdLock(parts, { ...hold, name, token, fence: detail, calledAt, requestedAt });
    // The answer took longer than the lock TTL, so another caller may hold the lock already.
    if (!lock.signal.aborted) return lock;
    await lock.release();
    return { heldForMs: 0 };
  }

  return {
    async tryAcquire(key, options = {}) {
      const calledAt = time.now();
      const result = await attempt(key, readHold(options), calledAt);
      if ("token" in result) return result;
      reportContended(parts, calledAt);
      return null;
    },
    async acquire(key, options = {}) {
      const hold = readHold(options);
      const waiting = new Waiting(readWait(options), options.signal, time);
      for (;;) {
        const result = await attempt(key, hold, waiting.since);
        if ("token" in result) return unlessAborted(result, options.signal);
        if (await waiting.next(result.heldForMs)) continue;
        reportContended(parts, waiting.since);
        throw notAcquired(result.heldForMs);
      }
    },
  };
}

/** Returns the names of a lock in Redis: the lock's key, and the key of its last fencing token. */
export function namesOf({ keys, keyedHash }: LocksOptions, key: string) {
  checkKey(key);
  const hash = keyedHash("lock", key);
  const name = keys.lock(hash);
  const names: LockNames = [name, keys.fenceOf(name)];
  return { hash, names };
}

/** The lock's name in Redis, then the other keys of its script. */
export type LockNames = [name: string, ...more: string[]];

/**
 * Requests a lock with a new token. When no answer arrives, Redis may hold the lock for this token all
 * the same: the lock is then released here, so that no other caller waits for its TTL.
 *
 * @throws {StoreError} when the store fails, so that the holder is unknown
 */
export async function requestLock(
  parts: LocksOptions,
  script: Script,
  names: LockNames,
  ttl: number,
) {
  const { time = runtimeTime } = parts;
  const token = newToken();
  const requestedAt = time.now();
  try {
    const answer = await runScriptWithRetry(parts.redis, script, names, [token, ttl]);
    return { token, requestedAt, answer };
  } catch (error) {
    releaseUnanswered(parts, names[0], token);
    throw error;
  }
}

function releaseUnanswered({ redis, emit }: LocksOptions, name: string, token: string): void {
  runScriptWithRetry(redis, RELEASE, [name], [token]).catch((error: unknown) =>
    emit({ kind: "failure", during: "lock-release", error }),
  );
}

/** Reports that a caller did not get a lock, because another caller holds it. */
export function reportContended(
  { emit, time = runtimeTime }: LocksOptions,
  calledAt: number,
): void {
  emit({ kind: "lock", state: "contended", waitedMs: time.now() - calledAt });
}

/** @throws {StoreError} STORE_BAD_ANSWER */
export function readAnswer(answer: unknown): readonly [code: number, detail: number] {
  if (Array.isArray(answer) && typeof answer[0] === "number") return [answer[0], Number(answer[1])];
  throw badAnswer();
}

/** Makes the error for an answer that no lock script returns. */
export function badAnswer(): StoreError {
  return new StoreError(
    "STORE_BAD_ANSWER",
    "The store's answer to a lock script has the wrong form.",
  );
}

/**
 * Returns the rest of a lock's TTL in milliseconds; Infinity when its key was written outside Headgate
 * and has no TTL.
 */
export function leftOf(pttl: number): number {
  return pttl >= 0 ? pttl : Infinity;
}

/** Returns the lock, unless its caller aborted meanwhile: then the lock is released. */
async function unlessAborted(lock: Lock, signal: AbortSignal | undefined): Promise<Lock> {
  if (signal?.aborted) await lock.release();
  signal?.throwIfAborted();
  return lock;
}

/** Returns 128 random bits in hex. */
function newToken(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

export function notAcquired(heldForMs: number): HeadgateError {
  return new HeadgateError(
    "LOCK_NOT_ACQUIRED",
    `Another caller holds the lock${Number.isFinite(heldForMs) ? `, for ${heldForMs} ms more unless it is released or renewed` : ", and its key has no TTL"}. Wait longer, or try again later.`,
  );
}

/**
 * The upper bound of the wait between attempts grows from the first value to the second, in
 * milliseconds.
 */
const FIRST_WAIT_MS = 20;
const LONGEST_WAIT_MS = 500;

/**
 * Waits between attempts. Each wait is a random part of a bound that doubles (full jitter), so that
 * waiting callers do not retry at the same time. A wait ends soon after the holder's TTL, and all waits
 * together take at most `ms`.
 */
export class Waiting {
  /** When the wait began, in milliseconds of the monotonic clock. */
  readonly since: number;
  readonly #time: Time;
  /** When the wait must end, in milliseconds of the monotonic clock. */
  readonly #until: number;
  /** Ends the wait early. */
  readonly #signal: AbortSignal | undefined;
  /** The upper bound of the next wait, in milliseconds. */
  #most = FIRST_WAIT_MS;

  constructor(ms: number, signal: AbortSignal | undefined, time: Time = runtimeTime) {
    this.#time = time;
    this.since = time.now();
    this.#until = this.since + ms;
    this.#signal = signal;
  }

  /**
   * Waits for the next attempt. Returns false at once when no time is left for one.
   *
   * @throws the signal's reason
   */
  async next(heldForMs: number): Promise<boolean> {
    this.#signal?.throwIfAborted();
    const left = this.#until - this.#time.now();
    if (left <= 0) return false;
    const jitter = Math.random() * this.#most;
    this.#most = Math.min(this.#most * 2, LONGEST_WAIT_MS);
    // The holder's TTL may end before the jitter does. A second jitter spreads the callers that wait
    // for that end.
    const ended = heldForMs + Math.random() * FIRST_WAIT_MS;
    await pause(this.#time, Math.min(jitter, ended, left), this.#signal);
    return true;
  }
}

async function pause(time: Time, ms: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = () => {
      stop();
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const stop = time.after(ms, end);
    signal?.addEventListener("abort", end);
  });
  signal?.throwIfAborted();
}
