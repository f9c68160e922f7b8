/** Simulated time in milliseconds from 0, which advances from event to event. */
export class Timeline {
  now = 0;
  /** The next event is the last element. Two events of one time happen in the order of their scheduling. */
  readonly #events: { readonly at: number; readonly happen: () => void }[] = [];

  /** Schedules an event in some milliseconds. */
  in(ms: number, happen: () => void): void {
    const at = this.now + ms;
    let [from, to] = [0, this.#events.length];
    while (from < to) {
      const middle = Math.floor((from + to) / 2);
      const event = this.#events[middle];
      if (event && event.at > at) from = middle + 1;
      else to = middle;
    }
    this.#events.splice(from, 0, { at, happen });
  }

  /** Resolves in some milliseconds. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.in(ms, resolve));
  }

  /** Runs all events in order, each with its immediate consequences. */
  async run(): Promise<void> {
    for (let next = this.#events.pop(); next; next = this.#events.pop()) {
      this.now = next.at;
      next.happen();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
