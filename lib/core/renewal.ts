import { runtimeTime, type Time } from "./clock.ts";

/** A lock or claim in the store that expires unless it is renewed. */
export interface Held {
  /** How long the store holds it without renewal, in milliseconds. */
  readonly ttl: number;
  /**
   * How long it is renewed, in milliseconds from `requestedAt`; the TTL of the last renewal may end later. If
   * `maxHold` is at most `ttl`, it is never renewed.
   */
  readonly maxHold: number;
  /** When it was requested, on the monotonic clock: the store holds it from a later moment on. */
  readonly requestedAt: number;
  /** Holds it in the store for `ms` from now on; returns false when it no longer belongs to the holder. */
  readonly extend: (ms: number) => Promise<boolean>;
  /** Called when the store fails; the renewal is tried again while there is time. */
  readonly onFailure: (error: unknown) => void;
  /**
   * Called once, when it is lost: "ended" when its TTL is nearly over and was not renewed, "taken" when the
   * store answers that it no longer belongs to the holder. Not called after `end`.
   */
  readonly onLost: (why: "ended" | "taken") => void;
  /** @default the runtime's clock and timers */
  readonly time?: Time | undefined;
}

/** The longest delay of a timer, in milliseconds; a timer with a longer delay would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Returns the safety margin of a TTL, in milliseconds: the process treats the lock as lost this much before
 * the store expires it. It is a fiftieth of the TTL, for clocks that differ, and 5 ms for a late timer.
 */
export function marginOf(ttl: number): number {
  return ttl / 50 + 5;
}

/** Calls a listener and drops its errors: thrown in a timer, an error would end the process. */
function tell(listener: () => void): void {
  try {
    listener();
  } catch {
    // No caller could handle it.
  }
}

/** Starts to renew a lock or claim, each time after a third of its TTL. It never throws. */
export function startRenewal(held: Held): Renewal {
  return new Renewal(held);
}

/** The renewal of a lock or claim, until it ends or is lost. */
export class Renewal {
  readonly #held: Held;
  readonly #time: Time;
  /** The TTL of each renewal, in milliseconds. */
  #ttl: number;
  /** When it expires in the store, on the monotonic clock. */
  #endsAt: number;
  /** When it counts as lost unless it is renewed: earlier than in the store, by the margin. */
  #expiresAt: number;
  /** True when the renewal has ended or the lock is lost: after that it is neither renewed nor reported. */
  #hasEnded = false;
  /** Stops the timer that checks whether it is lost. */
  #stopWatching: (() => void) | undefined;
  /** Stops the timer of the next renewal. */
  #stopNext: (() => void) | undefined;
  /** The last call of the store: the next call waits for it. */
  #last = Promise.resolve(false);

  constructor(held: Held) {
    const { ttl, requestedAt, time = runtimeTime } = held;
    this.#held = held;
    this.#time = time;
    this.#ttl = ttl;
    this.#endsAt = requestedAt;
    this.#expiresAt = requestedAt;
    this.#heldFrom(requestedAt, ttl);
  }

  /**
   * When it counts as lost unless it is renewed, on the monotonic clock: earlier by the margin than in the
   * store.
   */
  get expiresAt(): number {
    return this.#expiresAt;
  }

  /** Ends the renewal. The key in the store stays as it is. */
  end(): void {
    this.#hasEnded = true;
    this.#stopWatching?.();
    this.#stopNext?.();
  }

  /**
   * Returns true when it has ended or is lost. It reads the clock, because the timer is late in a process that
   * was suspended or busy.
   */
  isOver(): boolean {
    if (!this.#hasEnded && this.#time.now() >= this.#expiresAt) this.#lose("ended");
    return this.#hasEnded;
  }

  /** Holds it for `ms` from now on, and again with each renewal; the default is the TTL so far. */
  hold(ms = this.#ttl): Promise<boolean> {
    this.#ttl = ms;
    return this.#holdFor(ms);
  }

  #lose(why: "ended" | "taken"): void {
    if (this.#hasEnded) return;
    this.end();
    tell(() => this.#held.onLost(why));
  }

  #watch(): void {
    this.#stopWatching?.();
    const check = () => {
      if (!this.isOver()) this.#watch();
    };
    const left = Math.max(this.#expiresAt - this.#time.now(), 0);
    this.#stopWatching = this.#time.after(Math.min(left, MAX_TIMER_MS), check);
  }

  #renewIn(ms: number): void {
    this.#stopNext?.();
    this.#stopNext = this.#time.after(ms, () => void this.#renew());
  }

  async #renew(): Promise<void> {
    const until = this.#held.requestedAt + this.#held.maxHold;
    if (this.isOver() || this.#endsAt >= until) return;
    // After a failure it is tried again while there is time.
    const isHeld = await this.#holdFor(Math.min(this.#ttl, until - this.#time.now()));
    if (!isHeld && !this.#hasEnded) this.#renewIn(this.#ttl / 10);
  }

  /** Makes one call after the other: the order in which the store runs two calls in flight is not known. */
  #holdFor(ms: number): Promise<boolean> {
    this.#last = this.#last.then(() => this.#holdNow(ms));
    return this.#last;
  }

  /** Returns true when it is held for `ms` from now on; the next renewal then follows after a third of them. */
  async #holdNow(ms: number): Promise<boolean> {
    if (this.isOver()) return false;
    const sentAt = this.#time.now();
    // A shorter TTL counts from now on, even if the answer is lost.
    if (sentAt + ms < this.#endsAt) this.#lastUntil(sentAt, ms);
    this.#watch();
    let isHeld: boolean;
    try {
      isHeld = await this.#held.extend(ms);
    } catch (error) {
      if (!this.#hasEnded) tell(() => this.#held.onFailure(error));
      return false;
    }
    // It ended while the call was in flight, so the result no longer matters.
    if (this.#hasEnded) return false;
    if (isHeld) this.#heldFrom(sentAt, ms);
    else this.#lose("taken");
    return !this.#hasEnded;
  }

  #lastUntil(since: number, ms: number): void {
    this.#endsAt = since + ms;
    this.#expiresAt = this.#endsAt - marginOf(ms);
  }

  #heldFrom(since: number, ms: number): void {
    this.#lastUntil(since, ms);
    if (this.isOver()) return;
    this.#watch();
    this.#renewIn(ms / 3);
  }
}
