import { runtimeTime, type Time } from "./clock.ts";

/** What is held in a store for a time, and is renewed before that time is over. */
export interface Held {
  /** How long the store holds it when nothing more is heard of its holder, in milliseconds. */
  readonly ttl: number;
  /**
   * The longest that it is held by renewing it, in milliseconds from `askedAt`; the last renewal may
   * end later. With no more than `ttl` it is never renewed.
   */
  readonly maxHold: number;
  /** When it was asked for, by the monotonic clock: the store holds it from a later moment on. */
  readonly askedAt: number;
  /** Holds it in the store for `ms` from now on; returns false where it is no longer the holder's. */
  readonly extend: (ms: number) => Promise<boolean>;
  /** Called when the store fails; it is asked again while there is time. */
  readonly onFailure: (error: unknown) => void;
  /**
   * Called once, when it is lost: "ended" when its time is nearly over and it was not renewed, "taken"
   * when the store says that it is no longer the holder's. Not called after `end`.
   */
  readonly onLost: (why: "ended" | "taken") => void;
  /** @default the runtime's clock and timers */
  readonly time?: Time | undefined;
}

/** The longest that a timer waits, in milliseconds; a longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * The margin of a lease, in milliseconds: by so much earlier than the store ends it, it counts as lost
 * here. A fiftieth, for clocks that do not run alike, and 5 for a timer that is late.
 */
export function marginOf(ttl: number): number {
  return ttl / 50 + 5;
}

/** A listener's own failure is its own: in a timer it would end the process. */
function tell(listener: () => void): void {
  try {
    listener();
  } catch {
    // There is nothing else to tell it to.
  }
}

/** Renews what is held after each third of its time, from now on. Never throws. */
export function startRenewal(held: Held): Renewal {
  return new Renewal(held);
}

/** The renewal of what is held, until it ends or is lost. */
export class Renewal {
  readonly #held: Held;
  readonly #time: Time;
  /** For how long each renewal holds it, in milliseconds. */
  #lease: number;
  /** When the store ends it, by the monotonic clock. */
  #endsAt: number;
  /** When it is lost unless it is renewed: earlier than in the store, by the margin. */
  #expiresAt: number;
  /** True when the renewal has ended or the lease is lost: nothing is renewed or reported after that. */
  #hasEnded = false;
  /** Ends the timer that looks whether it is lost. */
  #stopLooking: (() => void) | undefined;
  /** Ends the timer that makes the next renewal. */
  #stopNext: (() => void) | undefined;
  /** The last call of the store: the next one waits for it. */
  #last = Promise.resolve(false);

  constructor(held: Held) {
    const { ttl, askedAt, time = runtimeTime } = held;
    this.#held = held;
    this.#time = time;
    this.#lease = ttl;
    this.#endsAt = askedAt;
    this.#expiresAt = askedAt;
    this.#leaseFrom(askedAt, ttl);
  }

  /** When it is lost unless it is renewed, by the monotonic clock: earlier by the margin than in the store. */
  get expiresAt(): number {
    return this.#expiresAt;
  }

  /** Ends the renewal. What the store holds is left as it is. */
  end(): void {
    this.#hasEnded = true;
    this.#stopLooking?.();
    this.#stopNext?.();
  }

  /**
   * Returns true when it has ended or is lost. Reads the clock: a process that was stopped, or busy, comes
   * back late, and the clock says so before the timer does.
   */
  isOver(): boolean {
    if (!this.#hasEnded && this.#time.now() >= this.#expiresAt) this.#lose("ended");
    return this.#hasEnded;
  }

  /** Holds it for `ms` from now on, and for as long with each renewal; by default for as long as before. */
  hold(ms = this.#lease): Promise<boolean> {
    this.#lease = ms;
    return this.#holdFor(ms);
  }

  #lose(why: "ended" | "taken"): void {
    if (this.#hasEnded) return;
    this.end();
    tell(() => this.#held.onLost(why));
  }

  #watch(): void {
    this.#stopLooking?.();
    const look = () => {
      if (!this.isOver()) this.#watch();
    };
    const left = Math.max(this.#expiresAt - this.#time.now(), 0);
    this.#stopLooking = this.#time.after(Math.min(left, MAX_TIMER_MS), look);
  }

  #renewIn(ms: number): void {
    this.#stopNext?.();
    this.#stopNext = this.#time.after(ms, () => void this.#renew());
  }

  async #renew(): Promise<void> {
    const until = this.#held.askedAt + this.#held.maxHold;
    if (this.isOver() || this.#endsAt >= until) return;
    // After a failure it is tried again while there is time.
    const isHeld = await this.#holdFor(Math.min(this.#lease, until - this.#time.now()));
    if (!isHeld && !this.#hasEnded) this.#renewIn(this.#lease / 10);
  }

  /** One after the other: of two in flight it is not known which one the store heard last. */
  #holdFor(ms: number): Promise<boolean> {
    this.#last = this.#last.then(() => this.#holdNow(ms));
    return this.#last;
  }

  /** Returns true when it is held for `ms` from now on; then it is renewed after a third of them. */
  async #holdNow(ms: number): Promise<boolean> {
    if (this.isOver()) return false;
    const sentAt = this.#time.now();
    // A shorter lease holds from now on, also where the answer is lost.
    if (sentAt + ms < this.#endsAt) this.#lastUntil(sentAt, ms);
    this.#watch();
    let isHeld: boolean;
    try {
      isHeld = await this.#held.extend(ms);
    } catch (error) {
      if (!this.#hasEnded) tell(() => this.#held.onFailure(error));
      return false;
    }
    // It ended while the call was in flight, whose result no longer matters.
    if (this.#hasEnded) return false;
    if (isHeld) this.#leaseFrom(sentAt, ms);
    else this.#lose("taken");
    return !this.#hasEnded;
  }

  #lastUntil(since: number, ms: number): void {
    this.#endsAt = since + ms;
    this.#expiresAt = this.#endsAt - marginOf(ms);
  }

  #leaseFrom(since: number, ms: number): void {
    this.#lastUntil(since, ms);
    if (this.isOver()) return;
    this.#watch();
    this.#renewIn(ms / 3);
  }
}
