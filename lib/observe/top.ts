/**
 * The most frequent of many keys in bounded memory (space-saving, Metwally and others, 2005): a new key takes
 * the place and the count of the rarest when no place is free. The sum of all counts is exact, and a count is
 * too high by no more than that of the rarest key.
 */
export class Top {
  readonly #most: number;
  readonly counts = new Map<string, number>();

  /** @param most how many keys are kept */
  constructor(most: number) {
    this.#most = most;
  }

  add(key: string): void {
    let count = this.counts.get(key) ?? 0;
    if (count === 0 && this.counts.size >= this.#most) {
      const rarest = [...this.counts].reduce((least, one) => (one[1] < least[1] ? one : least));
      this.counts.delete(rarest[0]);
      count = rarest[1];
    }
    this.counts.set(key, count + 1);
  }
}
