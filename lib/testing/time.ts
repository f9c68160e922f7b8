import type { Time } from "#lib/core/clock";

/** A call that is made when the clock reaches its time. */
interface Timer {
  readonly at: number;
  readonly call: () => void;
}

/** Taken before a test framework puts timers of its own in their place. */
const { setTimeout: realTimeout } = globalThis;

/** Waits until the event loop has turned once: what has begun meanwhile, and needs no clock, goes on. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    realTimeout(resolve, 0);
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
   * Moves the clock. Timers are called in the order of their times, each at its own time, and those that
   * they start are called too.
   *
   * @param settle waits until what a timer began has come to its end
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

  /** Returns the timer that is called first, if that is by `until`. */
  #next(until: number): Timer | undefined {
    const [first] = [...this.#timers].toSorted((a, b) => a.at - b.at);
    return first && first.at <= until ? first : undefined;
  }
}
