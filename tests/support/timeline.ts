/** Time that passes only where something happens in it: milliseconds from 0. */
export class Timeline {
  now = 0;
  /** The next one is the last; of two at one time the one that was asked for first. */
  readonly #events: { readonly at: number; readonly happen: () => void }[] = [];

  /** Lets something happen in some milliseconds. */
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

  /** Lets everything happen, one after the other, each with all that follows from it at once. */
  async run(): Promise<void> {
    for (let next = this.#events.pop(); next; next = this.#events.pop()) {
      this.now = next.at;
      next.happen();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
