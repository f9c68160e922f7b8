import { type Clock, monotonic } from "#lib/core/clock";
import type { StoreError } from "./errors.ts";

/** Failures in a row after which no call is tried. */
const FAILURES = 5;

/** How long it then waits before one call tries the way back: the seed's back-off, in milliseconds. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 3000;

/** Whether calls are tried. */
export interface BreakerChange {
  readonly state: "open" | "closed";
  /** The failure that opened it; the last one, where it is closed again. */
  readonly error: StoreError;
}

export interface BreakerOptions {
  /**
   * Milliseconds after which a probe that came to no end is given up: its request may be gone, and
   * with it whoever would have said so.
   */
  readonly probeMs: number;
  /** Hears when it opens and when it closes. It must not throw. */
  readonly onChange?: ((change: BreakerChange) => void) | undefined;
  readonly clock?: Clock;
}

/** A call that may be tried. It says how it ended, unless its request went away. */
export interface Attempt {
  succeeded(): void;
  failed(error: StoreError): void;
}

/** A circuit breaker: knows of a store that fails, so that no request waits for it in vain. */
export interface Breaker {
  /** The attempt, or the failure because of which none is made. */
  admit(): Attempt | StoreError;
}

/**
 * Makes a closed breaker. It opens after five failures in a row; then one call at a time tries the
 * way back, after 100 ms, and twice as long after each that fails, at most 3 s. Nobody waits for a
 * probe but the request that makes it: in workerd, and on Vercel, another's must not be waited for.
 */
export function createBreaker({ probeMs, onChange, clock = monotonic }: BreakerOptions): Breaker {
  let failures = 0;
  let waitMs = FIRST_WAIT_MS;
  let probeAt = 0;
  let last: StoreError | undefined;

  const isOpen = () => failures >= FAILURES;

  const succeeded = () => {
    const wasOpen = isOpen();
    failures = 0;
    if (wasOpen && last) onChange?.({ state: "closed", error: last });
  };

  // What was sent before it opened and fails now says nothing new.
  const call: Attempt = {
    succeeded,
    failed(error) {
      if (isOpen()) return;
      failures += 1;
      last = error;
      if (!isOpen()) return;
      waitMs = FIRST_WAIT_MS;
      probeAt = clock() + waitMs;
      onChange?.({ state: "open", error });
    },
  };

  const probe: Attempt = {
    succeeded,
    failed(error) {
      last = error;
      waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
      probeAt = clock() + waitMs;
    },
  };

  return {
    admit() {
      if (!isOpen() || !last) return call;
      const now = clock();
      if (now < probeAt) return last;
      probeAt = now + probeMs;
      return probe;
    },
  };
}
