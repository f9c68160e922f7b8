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
  /** The random text that identifies the holder in Redis. */
  readonly token: string;
  /**
   * The lock's fencing token: a number that grows with each holder, so that the guarded resource can
   * reject writes of an earlier holder.
   */
  readonly fence: number;
  /**
   * Aborts, with LOCK_LOST as its reason, before another caller can hold the lock: when the lock TTL is
   * nearly over and was not renewed, or when Redis reports another holder. A release does not abort it.
   */
  readonly signal: AbortSignal;
  /**
   * When the lock counts as lost unless it is renewed, in milliseconds of the monotonic clock
   * (`performance.now()`). A margin makes it earlier than the end in Redis.
   */
  readonly expiresAt: number;
  /**
   * Holds the lock for `ttl` from now on. Returns false when the lock was lost, or the store fails.
   *
   * @throws {HeadgateError} LOCK_BAD_ARGUMENT
   */
  extend: (ttl?: Duration) => Promise<boolean>;
  /**
   * Releases the lock and ends its renewal. Returns false when the lock had been lost, and then frees
   * no other holder's lock; also false when the store fails, and then the lock ends with its TTL.
   */
  release: () => Promise<boolean>;
}

/** A lock that has just been acquired. */
interface Acquired extends HoldMs {
  /** The lock's name in Redis. */
  readonly name: string;
  readonly token: string;
  readonly fence: number;
  /** When the caller called, in milliseconds of the monotonic clock: the wait may have come after it. */
  readonly calledAt: number;
  /**
   * When the request was sent, in milliseconds of the monotonic clock: the lock TTL in Redis begins
   * later.
   */
  readonly requestedAt: number;
  /**
   * Releases the lock in Redis, when that is more than to delete its key. Returns true when this token
   * held it.
   */
  readonly free?: () => Promise<boolean>;
}

type HeldParts = Pick<LocksOptions, "redis" | "emit" | "time">;

/** Makes the handle of a lock, and starts its renewal. */
export function holdLock(parts: HeldParts, acquired: Acquired): Lock {
  return new HeldLock(parts, acquired);
}

/** A held lock. Its functions do not use `this`, so that callers may destructure them. */
class HeldLock implements Lock {
  readonly token: string;
  readonly fence: number;
  readonly #parts: HeldParts;
  readonly #acquired: Acquired;
  /** When Redis's answer arrived, in milliseconds of the monotonic clock. */
  readonly #heldSince: number;
  readonly #renewal: Renewal;
  /** Why the lock was lost; undefined while it is not. */
  #lost: HeadgateError | undefined;
  /** Made when `signal` is first read: most locks are released before that. */
  #abort: AbortController | undefined;
  /** The result of the first release, which later calls return too. */
  #wasReleased: boolean | undefined;

  constructor(parts: HeldParts, acquired: Acquired) {
    const { token, fence, ttl, maxHold, calledAt, requestedAt } = acquired;
    this.token = token;
    this.fence = fence;
    this.#parts = parts;
    this.#heldSince = this.#now();
    this.#acquired = acquired;
    parts.emit({ kind: "lock", state: "acquired", waitedMs: this.#heldSince - calledAt });
    this.#renewal = startRenewal({
      ttl,
      maxHold,
      requestedAt,
      time: parts.time,
      extend: (ms) => this.#run(EXTEND, [token, Math.ceil(ms)]),
      onFailure: (error) => parts.emit({ kind: "failure", during: "lock-renew", error }),
      onLost: (why) => this.#lose(new HeadgateError("LOCK_LOST", why === "ended" ? ENDED : TAKEN)),
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
    if (this.#wasReleased !== undefined) return this.#wasReleased;
    const wasHeld = !this.#renewal.isOver();
    this.#renewal.end();
    const heldMs = this.#heldMs();
    try {
      // A lock that was lost here is released too, because Redis may hold it for a moment more.
      const isReleased = (await this.#free()) && wasHeld;
      this.#wasReleased = this.#wasReleased === true || isReleased;
      if (isReleased) this.#parts.emit({ kind: "lock", state: "released", heldMs });
    } catch (error) {
      this.#parts.emit({ kind: "failure", during: "lock-release", error });
      this.#wasReleased ??= false;
    }
    return this.#wasReleased;
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
    const { free, token } = this.#acquired;
    return free ? free() : this.#run(RELEASE, [token]);
  }

  async #run(script: Script, args: (string | number)[]): Promise<boolean> {
    return (await runScriptWithRetry(this.#parts.redis, script, [this.#acquired.name], args)) === 1;
  }
}

const ENDED = "The lock TTL ended and was not renewed: another caller may hold the lock.";
const TAKEN = "The lock has another holder or none: its TTL ended, or Redis lost its key.";
