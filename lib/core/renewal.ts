import { monotonic } from "./clock.ts";

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
}

/** The renewal of what is held, until it ends or is lost. */
export interface Renewal {
  /** When it is lost unless it is renewed, by the monotonic clock: earlier by the margin than in the store. */
  readonly expiresAt: () => number;
  /** Returns true when it has ended or is lost. Reads the clock, also where no timer could run. */
  readonly isOver: () => boolean;
  /** Holds it for `ms` from now on, and for as long with each renewal; by default for as long as before. */
  readonly hold: (ms?: number) => Promise<boolean>;
  /** Ends the renewal. What the store holds is left as it is. */
  readonly end: () => void;
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
export function startRenewal({ ttl, maxHold, askedAt, ...held }: Held): Renewal {
  let lease = ttl;
  let endsAt = askedAt;
  let expiresAt = askedAt;
  let hasEnded = false;
  let expiry: ReturnType<typeof setTimeout> | undefined;
  let renewal: ReturnType<typeof setTimeout> | undefined;

  function end(): void {
    hasEnded = true;
    clearTimeout(expiry);
    clearTimeout(renewal);
  }

  function lose(why: "ended" | "taken"): void {
    if (hasEnded) return;
    end();
    tell(() => held.onLost(why));
  }

  /** A process that was stopped, or busy, comes back late: the clock says so before the timer does. */
  function isOver(): boolean {
    if (!hasEnded && monotonic() >= expiresAt) lose("ended");
    return hasEnded;
  }

  function watch(): void {
    clearTimeout(expiry);
    const look = () => {
      if (!isOver()) watch();
    };
    const left = Math.max(expiresAt - monotonic(), 0);
    expiry = setTimeout(look, Math.min(left, MAX_TIMER_MS));
  }

  function renewIn(ms: number): void {
    clearTimeout(renewal);
    renewal = setTimeout(() => void renew(), ms);
  }

  async function renew(): Promise<void> {
    if (isOver() || endsAt >= askedAt + maxHold) return;
    const left = askedAt + maxHold - monotonic();
    // After a failure it is tried again while there is time.
    if (!(await holdFor(Math.min(lease, left))) && !hasEnded) renewIn(lease / 10);
  }

  let last = Promise.resolve(false);

  /** One after the other: of two in flight it is not known which one the store heard last. */
  async function holdFor(ms: number): Promise<boolean> {
    last = last.then(() => holdNow(ms));
    return last;
  }

  /** Returns true when it is held for `ms` from now on; then it is renewed after a third of them. */
  async function holdNow(ms: number): Promise<boolean> {
    if (isOver()) return false;
    const sentAt = monotonic();
    // A shorter lease holds from now on, also where the answer is lost.
    if (sentAt + ms < endsAt) lastUntil(sentAt, ms);
    watch();
    let isHeld: boolean;
    try {
      isHeld = await held.extend(ms);
    } catch (error) {
      if (!hasEnded) tell(() => held.onFailure(error));
      return false;
    }
    // It ended while the call was in flight, whose result no longer matters.
    if (hasEnded) return false;
    if (!isHeld) lose("taken");
    else leaseFrom(sentAt, ms);
    return !hasEnded;
  }

  function lastUntil(since: number, ms: number): void {
    endsAt = since + ms;
    expiresAt = endsAt - marginOf(ms);
  }

  function leaseFrom(since: number, ms: number): void {
    lastUntil(since, ms);
    if (isOver()) return;
    watch();
    renewIn(ms / 3);
  }

  leaseFrom(askedAt, ttl);
  return {
    expiresAt: () => expiresAt,
    isOver,
    hold(ms = lease) {
      lease = ms;
      return holdFor(ms);
    },
    end,
  };
}
