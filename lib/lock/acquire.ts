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

/** What an attempt came to: the lock, or for how many milliseconds its holder's lease still runs. */
type Attempt = Lock | { readonly heldForMs: number };

export interface Acquiring {
  /**
   * Takes a lock that nobody holds; null where somebody does. One round trip.
   *
   * @throws {HeadgateError} LOCK_BAD_ARGUMENT
   * @throws {StoreError} where it is not known who holds the lock
   */
  tryAcquire: (key: string, options?: HoldOptions) => Promise<Lock | null>;
  /**
   * The same, and waits while somebody holds it.
   *
   * @throws {HeadgateError} LOCK_BAD_ARGUMENT; LOCK_NOT_ACQUIRED where the wait was over first
   * @throws {StoreError} where it is not known who holds the lock
   * @throws the signal's reason, where that ended the wait
   */
  acquire: (key: string, options?: WaitOptions) => Promise<Lock>;
}

/** Makes what takes locks. */
export function createAcquire(parts: LocksOptions): Acquiring {
  const { time = runtimeTime } = parts;
  async function attempt(key: string, hold: HoldMs, calledAt: number): Promise<Attempt> {
    const { names } = namesOf(parts, key);
    const { token, askedAt, answer } = await askFor(parts, ACQUIRE, names, hold.ttl);
    const [code, detail] = readAnswer(answer);
    if (code !== 1) return { heldForMs: leftOf(detail) };
    const [name] = names;
    const lock = holdLock(parts, { ...hold, name, token, fence: detail, calledAt, askedAt });
    // The answer took longer than the lease: it is as good as somebody else's.
    if (!lock.signal.aborted) return lock;
    await lock.release();
    return { heldForMs: 0 };
  }

  return {
    async tryAcquire(key, options = {}) {
      const calledAt = time.now();
      const taken = await attempt(key, readHold(options), calledAt);
      if ("token" in taken) return taken;
      tellContended(parts, calledAt);
      return null;
    },
    async acquire(key, options = {}) {
      const hold = readHold(options);
      const waiting = new Waiting(readWait(options), options.signal, time);
      for (;;) {
        const taken = await attempt(key, hold, waiting.since);
        if ("token" in taken) return orGone(taken, options.signal);
        if (await waiting.next(taken.heldForMs)) continue;
        tellContended(parts, waiting.since);
        throw notAcquired(taken.heldForMs);
      }
    },
  };
}

/** A lock's names in Redis: its own, and its fence's. */
export function namesOf({ keys, keyedHash }: LocksOptions, key: string) {
  checkKey(key);
  const hash = keyedHash("lock", key);
  const name = keys.lock(hash);
  const names: LockNames = [name, keys.fenceOf(name)];
  return { hash, names };
}

/** The lock's own name in Redis first, then those of what its script needs beside it. */
export type LockNames = [name: string, ...more: string[]];

/**
 * Asks for a lock with a new token. Where no answer comes the lock may be ours without our knowing, and is
 * released here, so that no other caller waits for its end.
 *
 * @throws {StoreError} where it is not known who holds the lock
 */
export async function askFor(parts: LocksOptions, script: Script, names: LockNames, ttl: number) {
  const { time = runtimeTime } = parts;
  const token = newToken();
  const askedAt = time.now();
  try {
    const answer = await runScriptWithRetry(parts.redis, script, names, [token, ttl]);
    return { token, askedAt, answer };
  } catch (error) {
    giveUp(parts, names[0], token);
    throw error;
  }
}

function giveUp({ redis, emit }: LocksOptions, name: string, token: string): void {
  runScriptWithRetry(redis, RELEASE, [name], [token]).catch((error: unknown) =>
    emit({ kind: "failure", during: "lock-release", error }),
  );
}

/** Reports that a caller did not get a lock, since another holds it. */
export function tellContended({ emit, time = runtimeTime }: LocksOptions, calledAt: number): void {
  emit({ kind: "lock", state: "contended", waitedMs: time.now() - calledAt });
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
function newToken(): string {
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
export class Waiting {
  /** When it began, by the monotonic clock. */
  readonly since: number;
  readonly #time: Time;
  /** When it must end. */
  readonly #until: number;
  /** Ends it sooner. */
  readonly #signal: AbortSignal | undefined;
  /** The longest that the next wait may be, in milliseconds. */
  #most = FIRST_WAIT_MS;

  constructor(ms: number, signal: AbortSignal | undefined, time: Time = runtimeTime) {
    this.#time = time;
    this.since = time.now();
    this.#until = this.since + ms;
    this.#signal = signal;
  }

  /**
   * Waits for the next attempt; false, at once, where there is no time for one.
   *
   * @throws the signal's reason
   */
  async next(heldForMs: number): Promise<boolean> {
    this.#signal?.throwIfAborted();
    const left = this.#until - this.#time.now();
    if (left <= 0) return false;
    const jitter = Math.random() * this.#most;
    this.#most = Math.min(this.#most * 2, LONGEST_WAIT_MS);
    // A lease that ends before is worth being there; those who wait for it come one after the other.
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
