import type { Algorithm } from "#lib/limit/algorithms/all";
import { type Admitted, unitsOf } from "#lib/limit/algorithms/reference";
import { referenceOf } from "./references.ts";

/** One limit, as the model knows it. */
export interface ModelLimit {
  readonly algorithm: Algorithm;
  readonly limit: number;
  readonly windowMs: number;
  readonly cost: number;
}

/**
 * The reference: what the algorithms mean, written as plainly as can be, over an array of all
 * admitted requests. It remembers everything and is never fast.
 */
export class Model {
  readonly admitted: { at: number; cost: number; refundedAt?: number }[] = [];
  readonly rule: ModelLimit;

  constructor(rule: ModelLimit) {
    this.rule = rule;
  }

  /** The units that count at a time. */
  used(now: number): number {
    return referenceOf(this.rule.algorithm).used(this.admitted, this.rule, now);
  }

  admits(now: number): boolean {
    return this.used(now) + this.rule.cost <= this.rule.limit;
  }

  /** Milliseconds until there is room if nobody else asks: 0 where there is, undefined where never. */
  wait(now: number): number | undefined {
    const { cost, limit, windowMs } = this.rule;
    if (cost > limit) return undefined;
    if (this.admits(now)) return 0;
    let [full, free] = [0, 2 * windowMs + 1];
    while (free - full > 1) {
      const middle = Math.floor((full + free) / 2);
      if (this.admits(now + middle)) free = middle;
      else full = middle;
    }
    return free;
  }

  take(now: number): void {
    this.admitted.push({ at: now, cost: this.rule.cost });
  }

  /** Refunds the request that was admitted as the nth, counted from 0. */
  refund(nth: number, now: number): void {
    const admitted = this.admitted[nth];
    if (admitted) admitted.refundedAt ??= now;
  }

  remaining(now: number): number {
    return Math.max(0, this.rule.limit - this.used(now));
  }

  /** The most that was admitted in any window of the limit's length. */
  most(): number {
    return mostIn(this.admitted, this.rule.windowMs);
  }

  /** The bound that docs/algorithms.md states. */
  bound(): number {
    return boundOf(this.rule);
  }
}

/** The most that any window of the limit's length admits. */
export function boundOf({ algorithm, limit }: Pick<ModelLimit, "algorithm" | "limit">): number {
  return referenceOf(algorithm).mostInAWindow(limit);
}

/** The most units that were admitted in any window of a length in milliseconds. */
export function mostIn(admitted: readonly Admitted[], windowMs: number): number {
  const windows = admitted.map((first) =>
    unitsOf(admitted, ({ at }) => at >= first.at && at < first.at + windowMs),
  );
  return Math.max(0, ...windows);
}
