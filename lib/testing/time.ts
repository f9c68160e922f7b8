import type { Time } from "#lib/core/clock";

/** A call that is made when the clock reaches its time. */
interface Timer {
  readonly at: number;
  readonly call: () => void;
}

/** Read at import, before a test framework replaces the timers. */
const { setTimeout: realTimeout, setImmediate: realImmediate } = globalThis;

/** How many rounds without a store call end the wait: two for encryption and two more. */
const QUIET_ROUNDS = 4;

/**
 * Waits until all work in progress has ended, except work that waits for the clock: store calls, work after a
 * response, and encryption between two calls.
 */
export async function settled(store: {
  readonly calls: number;
  idle(): Promise<void>;
}): Promise<void> {
  // Work after a response begins with a timer of 0 ms.
  await new Promise((resolve) => {
    realTimeout(resolve, 0);
  });
  for (let quiet = 0; quiet < QUIET_ROUNDS; quiet += 1) {
    const { calls } = store;
    await store.idle();
    await round();
    if (store.calls > calls) quiet = -1;
  }
}

/** Waits for one turn of the event loop and for one job of the encryption threads. */
async function round(): Promise<void> {
  await crypto.subtle.digest("SHA-256", new Uint8Array(1));
  await new Promise((resolve) => {
    realImmediate(resolve);
  });
}

/** A clock that stands still until it is moved, and the timers that wait for it. */
export class TestTime implements Time {
  /** Milliseconds since 1970. */
  #now: number;
  readonly #timers = new Set<Timer>();

  constructor(startsAt: number) {
    this.#now = startsAt;
  }

  readonly now = (): number => this.#now;

  readonly after = (ms: number, call: () => void): (() => void) => {
    const timer = { at: this.#now + Math.max(0, ms), call };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  };

  /**
   * Moves the clock. Timers are called in the order of their times, each at its own time, with timers that
   * they start.
   *
   * @param settle waits until the work of a timer has ended
   */
  async advance(ms: number, settle: () => Promise<void>): Promise<void> {
    const until = this.#now + ms;
    await settle();
    for (let next = this.#next(until); next; next = this.#next(until)) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.call();
      await settle();
    }
    this.#now = until;
  }

  /** Returns the next timer, if it is due by `until`. */
  #next(until: number): Timer | undefined {
    const [first] = [...this.#timers].toSorted((a, b) => a.at - b.at);
    return first && first.at <= until ? first : undefined;
  }
}
