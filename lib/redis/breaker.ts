import { type Clock, monotonic } from "#lib/core/clock";
import type { StoreError } from "./errors.ts";
import type { Outcome } from "./outcome.ts";

type Failure = Extract<Outcome, { kind: "fails" }>;

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

/** A call that may be tried. */
export interface Attempt {
  /** Called when the call came to its end, unless its request went away before. */
  ended(outcome: Outcome): void;
}

/** A circuit breaker: knows of a store that fails, so that no request waits for it in vain. */
export interface Breaker {
  /**
   * Returns the attempt, or the failure because of which none is made.
   *
   * @param runsScripts whether the call runs a script
   */
  admit(runsScripts: boolean): Attempt | StoreError;
}

/**
 * Makes a closed breaker. It opens after five failures in a row; then one call at a time tries the
 * way back, after 100 ms, and twice as long after each that fails, at most 3 s. No request waits for
 * another's probe: workerd and Vercel's edge forbid it.
 *
 * What failed must work before it closes. Any answer shows that a connection works. Scripts that
 * Redis refused must run again: until then other commands are tried as ever, and show nothing.
 */
export function createBreaker({ probeMs, onChange, clock = monotonic }: BreakerOptions): Breaker {
  let failures = 0;
  let waitMs = FIRST_WAIT_MS;
  let probeAt = 0;
  let last: Failure | undefined;

  const isOpen = () => failures >= FAILURES;

  const refutesLast = ({ kind }: Outcome) =>
    kind === "works" || (kind === "answers" && !last?.refusesScripts);

  const reset = () => {
    const wasOpen = isOpen();
    failures = 0;
    if (wasOpen && last) onChange?.({ state: "closed", error: last.error });
  };

  const count = (failure: Failure) => {
    failures += 1;
    last = failure;
    if (!isOpen()) return;
    waitMs = FIRST_WAIT_MS;
    probeAt = clock() + waitMs;
    onChange?.({ state: "open", error: failure.error });
  };

  const call: Attempt = {
    ended(outcome) {
      if (refutesLast(outcome)) return reset();
      if (outcome.kind !== "fails") return;
      if (!isOpen()) return count(outcome);
      // A call from before it opened says nothing new, unless the connection fails as well now.
      if (!outcome.refusesScripts) last = outcome;
    },
  };

  const probe: Attempt = {
    ended(outcome) {
      if (refutesLast(outcome)) return reset();
      if (outcome.kind === "fails") {
        last = outcome;
        waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
        probeAt = clock() + waitMs;
      } else {
        // It showed nothing, so that the next call may try at once.
        probeAt = clock();
      }
    },
  };

  return {
    admit(runsScripts) {
      if (!isOpen() || !last) return call;
      if (last.refusesScripts && !runsScripts) return call;
      const now = clock();
      if (now < probeAt) return last.error;
      probeAt = now + probeMs;
      return probe;
    },
  };
}
