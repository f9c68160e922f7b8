import { runtimeTime } from "#lib/core/clock";
import type { Duration } from "#lib/core/duration";
import { HeadgateError } from "#lib/core/errors";
import { type Renewal, startRenewal } from "#lib/core/renewal";
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
  /** When its caller called, by the monotonic clock: it may have waited since. */
  readonly calledAt: number;
  /** When it was asked for, by the monotonic clock: Redis holds it for `ttl` from a later moment on. */
  readonly askedAt: number;
  /** Gives it back in Redis, where that is more than to delete it; whether it was this token's. */
  readonly free?: () => Promise<boolean>;
}

type HeldParts = Pick<LocksOptions, "redis" | "emit" | "time">;

/** Makes the handle of a lock, and renews it from now on. */
export function holdLock(parts: HeldParts, taken: Taken): Lock {
  return new HeldLock(parts, taken);
}

/** Its functions need no `this`: `const { release } = lock` is as good. */
class HeldLock implements Lock {
  readonly token: string;
  readonly fence: number;
  readonly #parts: HeldParts;
  readonly #taken: Taken;
  /** When Redis's answer came, by the monotonic clock. */
  readonly #heldSince: number;
  /** Renews it, and knows when it is over. */
  readonly #renewal: Renewal;
  /** Why it was lost; undefined where it was not. */
  #lost: HeadgateError | undefined;
  /** Made when `signal` is first read: most locks are released before. */
  #abort: AbortController | undefined;
  /** What the first release came to: said again, it is what it was. */
  #wasFreed: boolean | undefined;

  constructor(parts: HeldParts, taken: Taken) {
    const { token, fence, ttl, maxHold, calledAt, askedAt } = taken;
    this.token = token;
    this.fence = fence;
    this.#parts = parts;
    this.#heldSince = this.#now();
    this.#taken = taken;
    parts.emit({ kind: "lock", state: "acquired", waitedMs: this.#heldSince - calledAt });
    this.#renewal = startRenewal({
      ttl,
      maxHold,
      askedAt,
      time: parts.time,
      extend: (ms) => this.#run(EXTEND, [token, Math.ceil(ms)]),
      onFailure: (error) => parts.emit({ kind: "failure", during: "lock-renew", error }),
      onLost: (why) => this.#lose(new HeadgateError("LOCK_LOST", why === "ended" ? ENDED : GONE)),
    });
  }

  get signal(): AbortSignal {
    this.#renewal.isOver();
    this.#abort ??= new AbortController();
    if (this.#lost) this.#abort.abort(this.#lost);
    return this.#abort.signal;
  }

  get expiresAt(): number {
    return this.#renewal.expiresAt;
  }

  readonly extend = async (ttl?: Duration): Promise<boolean> =>
    this.#renewal.hold(ttl === undefined ? undefined : readDuration("ttl", ttl));

  readonly release = async (): Promise<boolean> => {
    if (this.#wasFreed !== undefined) return this.#wasFreed;
    const wasHeld = !this.#renewal.isOver();
    this.#renewal.end();
    const heldMs = this.#heldMs();
    try {
      // Also where it was lost here: Redis may hold it for a moment more.
      const isFreed = (await this.#free()) && wasHeld;
      this.#wasFreed = this.#wasFreed === true || isFreed;
      if (isFreed) this.#parts.emit({ kind: "lock", state: "released", heldMs });
    } catch (error) {
      this.#parts.emit({ kind: "failure", during: "lock-release", error });
      this.#wasFreed ??= false;
    }
    return this.#wasFreed;
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  #lose(error: HeadgateError): void {
    this.#lost = error;
    this.#abort?.abort(error);
    this.#parts.emit({ kind: "lock", state: "lost", heldMs: this.#heldMs(), error });
  }

  #heldMs(): number {
    return this.#now() - this.#heldSince;
  }

  #now(): number {
    return (this.#parts.time ?? runtimeTime).now();
  }

  async #free(): Promise<boolean> {
    const { free, token } = this.#taken;
    return free ? free() : this.#run(RELEASE, [token]);
  }

  async #run(script: Script, args: (string | number)[]): Promise<boolean> {
    return (await runScriptWithRetry(this.#parts.redis, script, [this.#taken.name], args)) === 1;
  }
}

const ENDED = "The lock's lease is over and was not renewed: another may hold it.";
const GONE = "The lock is not ours any more: its lease had ended, or Redis has forgotten it.";
