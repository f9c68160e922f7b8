import type { Duration } from "#lib/core/duration";
import { HeadgateError } from "#lib/core/errors";
import { startRenewal } from "#lib/core/renewal";
import { runScriptWithRetry, type Script } from "#lib/redis/script";
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
  const renewal = startRenewal({
    ttl,
    maxHold,
    askedAt,
    extend: (ms) => run(EXTEND, [token, Math.ceil(ms)]),
    onFailure: (error) => parts.onFailure("renewing a lock", error),
    onLost(why) {
      lost = new HeadgateError("LOCK_LOST", why === "ended" ? ENDED : TAKEN);
      abort?.abort(lost);
    },
  });

  async function run(script: Script, args: (string | number)[]): Promise<boolean> {
    return (await runScriptWithRetry(parts.redis, script, [name], args)) === 1;
  }

  const { free = () => run(RELEASE, [token]) } = taken;
  let wasFreed: boolean | undefined;

  /** Said again, it is what it was. */
  async function release(): Promise<boolean> {
    if (wasFreed !== undefined) return wasFreed;
    const wasHeld = !renewal.isOver();
    renewal.end();
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

  return {
    token,
    fence,
    get signal() {
      renewal.isOver();
      abort ??= new AbortController();
      if (lost) abort.abort(lost);
      return abort.signal;
    },
    get expiresAt() {
      return renewal.expiresAt();
    },
    async extend(given) {
      return renewal.hold(given === undefined ? undefined : readDuration("ttl", given));
    },
    release,
    async [Symbol.asyncDispose]() {
      await release();
    },
  };
}

const ENDED = "The lock's lease is over and was not renewed: another may hold it.";
const TAKEN = "The lock is not ours any more: its lease had ended, or Redis has forgotten it.";
