import { monotonic } from "#lib/core/clock";
import type { Duration } from "#lib/core/duration";
import { HeadgateError } from "#lib/core/errors";
import { runOwned, type Script } from "#lib/redis/script";
import { type HoldMs, readDuration } from "./options.ts";
import type { LocksOptions } from "./parts.ts";
import { EXTEND, RELEASE } from "./scripts.ts";

/** A lock that is held. `await using` releases it. */
export interface Lock extends AsyncDisposable {
  /** What Redis knows the holder by. */
  readonly token: string;
  /**
   * A number that only grows: whoever holds the lock later has a larger one, so that what the lock
   * guards can refuse whoever held it before.
   */
  readonly fence: number;
  /**
   * Aborts, with LOCK_LOST as its reason, before anybody else can hold the lock: when its lease is
   * nearly over and was not renewed, or Redis says that it is another's. Not by a release.
   */
  readonly signal: AbortSignal;
  /**
   * When the lock is given up for lost unless it is renewed, in milliseconds of the monotonic clock
   * (`performance.now()`): earlier than Redis ends it, by the margin.
   */
  readonly expiresAt: number;
  /**
   * Holds it for `ttl` from now on; false where it was lost, or the store fails.
   *
   * @throws {HeadgateError} LOCK_BAD_ARGUMENT
   */
  extend: (ttl?: Duration) => Promise<boolean>;
  /**
   * Gives it back, and renews it no more. False where it had been lost, and then nothing of anybody
   * else's is freed; or where the store fails: then it ends by itself.
   */
  release: () => Promise<boolean>;
}

/**
 * The margin of a lease, in milliseconds: by so much earlier than Redis ends it a lock counts as lost
 * here. A fiftieth, for clocks that do not run alike, and 5 for a timer that is late.
 */
export function marginOf(ttl: number): number {
  return ttl / 50 + 5;
}

/** A lock that has just been taken. */
interface Taken extends HoldMs {
  /** Its names in Redis. */
  readonly name: string;
  readonly token: string;
  readonly fence: number;
  /** When it was asked for, by the monotonic clock: Redis holds it for `ttl` from a later moment on. */
  readonly askedAt: number;
  /** Gives it back in Redis, where that is more than to delete it; whether it was this token's. */
  readonly free?: () => Promise<boolean>;
}

type HeldParts = Pick<LocksOptions, "redis" | "onFailure">;

/** Makes the handle of a lock, and renews it from now on. */
export function holdLock(parts: HeldParts, taken: Taken): Lock {
  const { name, token, fence, ttl, maxHold, askedAt } = taken;
  // Made when somebody looks: most locks are released before anybody does.
  let abort: AbortController | undefined;
  let lost: HeadgateError | undefined;
  let lease = ttl;
  let expiresAt = askedAt;
  let isOver = false;
  let expiry: ReturnType<typeof setTimeout> | undefined;
  let renewal: ReturnType<typeof setTimeout> | undefined;

  function end(): void {
    isOver = true;
    clearTimeout(expiry);
    clearTimeout(renewal);
  }

  function lose(why: string): void {
    if (isOver) return;
    end();
    lost = new HeadgateError("LOCK_LOST", why);
    abort?.abort(lost);
  }

  /** A process that was stopped, or busy, comes back late: the clock says so before the timer does. */
  function isLate(): boolean {
    if (!isOver && monotonic() >= expiresAt) lose(ENDED);
    return isOver;
  }

  function watch(): void {
    clearTimeout(expiry);
    expiry = setTimeout(() => lose(ENDED), expiresAt - monotonic());
  }

  function renewIn(ms: number): void {
    clearTimeout(renewal);
    renewal = setTimeout(() => void renew(), ms);
  }

  async function renew(): Promise<void> {
    if (isLate()) return;
    const left = maxHold - (monotonic() - askedAt);
    if (left <= expiresAt - monotonic()) return;
    // Failed, it is tried again while there is time.
    if (!(await hold(Math.min(lease, left))) && !isOver) renewIn(lease / 10);
  }

  let last = Promise.resolve(false);

  /** One after the other: of two on their way nobody knows which one Redis heard last. */
  async function hold(ms: number): Promise<boolean> {
    last = last.then(() => holdNow(ms));
    return last;
  }

  /** Whether it is held for `ms` from now on; then it is renewed after a third of them. */
  async function holdNow(ms: number): Promise<boolean> {
    if (isLate()) return false;
    const sentAt = monotonic();
    // A shorter lease holds from now on, also where the answer is lost.
    expiresAt = Math.min(expiresAt, sentAt + ms - marginOf(ms));
    watch();
    let isHeld: boolean;
    try {
      isHeld = await run(EXTEND, [token, Math.ceil(ms)]);
    } catch (error) {
      if (!isOver) parts.onFailure("renewing a lock", error);
      return false;
    }
    // Released meanwhile: what came of it is nobody's business any more.
    if (isOver) return false;
    if (!isHeld) lose(TAKEN);
    else leaseFrom(sentAt, ms);
    return !isOver;
  }

  function leaseFrom(sentAt: number, ms: number): void {
    expiresAt = sentAt + ms - marginOf(ms);
    if (isLate()) return;
    watch();
    renewIn(ms / 3);
  }

  async function run(script: Script, args: (string | number)[]): Promise<boolean> {
    return (await runOwned(parts.redis, script, [name], args)) === 1;
  }

  const { free = () => run(RELEASE, [token]) } = taken;
  let wasFreed: boolean | undefined;

  /** Said again, it is what it was. */
  async function release(): Promise<boolean> {
    if (wasFreed !== undefined) return wasFreed;
    const wasHeld = !isLate();
    end();
    try {
      // Also where it was lost here: Redis may hold it for a moment more.
      const isFreed = await free();
      wasFreed = wasFreed === true || (isFreed && wasHeld);
    } catch (error) {
      parts.onFailure("releasing a lock", error);
      wasFreed ??= false;
    }
    return wasFreed;
  }

  leaseFrom(askedAt, ttl);
  return {
    token,
    fence,
    get signal() {
      isLate();
      abort ??= new AbortController();
      if (lost) abort.abort(lost);
      return abort.signal;
    },
    get expiresAt() {
      return expiresAt;
    },
    async extend(given) {
      lease = given === undefined ? lease : readDuration("ttl", given);
      return hold(lease);
    },
    release,
    async [Symbol.asyncDispose]() {
      await release();
    },
  };
}

const ENDED = "The lock's lease is over and was not renewed: another may hold it.";
const TAKEN = "The lock is not ours any more: its lease had ended, or Redis has forgotten it.";
