/** One limit, as the model knows it. */
export interface ModelLimit {
  readonly algorithm: "sliding-log" | "sliding-window";
  readonly limit: number;
  readonly windowMs: number;
  readonly cost: number;
}

/** A request that was admitted: when (ms), and what it took. */
interface Admitted {
  readonly at: number;
  readonly cost: number;
}

/**
 * The reference: what the two algorithms mean, written as plainly as can be, over an array of all
 * admitted requests. It remembers everything and is never fast.
 */
export class Model {
  readonly admitted: Admitted[] = [];
  readonly rule: ModelLimit;

  constructor(rule: ModelLimit) {
    this.rule = rule;
  }

  /** What counts at a time: the log's entries, or the two windows' weighted sum, rounded up. */
  used(now: number): number {
    const { windowMs } = this.rule;
    if (this.rule.algorithm === "sliding-log") {
      return this.sum((at) => at > now - windowMs && at <= now);
    }
    const index = Math.floor(now / windowMs);
    const elapsed = now - index * windowMs;
    const current = this.sum((at) => Math.floor(at / windowMs) === index);
    const previous = this.sum((at) => Math.floor(at / windowMs) === index - 1);
    return current + Math.ceil((previous * (windowMs - elapsed)) / windowMs);
  }

  admits(now: number): boolean {
    return this.used(now) + this.rule.cost <= this.rule.limit;
  }

  take(now: number): void {
    this.admitted.push({ at: now, cost: this.rule.cost });
  }

  remaining(now: number): number {
    return Math.max(0, this.rule.limit - this.used(now));
  }

  /** The most that was admitted in any window of the limit's length. */
  most(): number {
    const { windowMs } = this.rule;
    return Math.max(
      0,
      ...this.admitted.map((first) => this.sum((at) => at >= first.at && at < first.at + windowMs)),
    );
  }

  /** The bound that docs/algorithms.md states. */
  bound(): number {
    const { algorithm, limit } = this.rule;
    return algorithm === "sliding-log" ? limit : 2 * limit - 1;
  }

  private sum(counts: (at: number) => boolean): number {
    return this.admitted.reduce((total, { at, cost }) => total + (counts(at) ? cost : 0), 0);
  }
}
