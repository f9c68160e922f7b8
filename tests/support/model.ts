import type { Algorithm } from "#lib/limit/algorithms/all";
import { type Admitted, unitsOf } from "#lib/limit/algorithms/reference";
import { referenceOf } from "./references.ts";

/** A limit of the model. */
export interface ModelLimit {
  readonly algorithm: Algorithm;
  readonly limit: number;
  readonly windowMs: number;
  readonly cost: number;
}

/**
 * The reference of the algorithms, written as plainly as possible over an array of all admitted
 * requests. It keeps everything, and is slow.
 */
export class Model {
  readonly admitted: { at: number; cost: number; refundedAt?: number }[] = [];
  readonly rule: ModelLimit;

  constructor(rule: ModelLimit) {
    this.rule = rule;
  }

  /** Returns the units that count at a time. */
  used(now: number): number {
    return referenceOf(this.rule.algorithm).used(this.admitted, this.rule, now);
  }

  admits(now: number): boolean {
    return this.used(now) + this.rule.cost <= this.rule.limit;
  }

  /** Returns milliseconds until there is capacity without other requests: 0 for now, undefined for never. */
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

  /** Refunds the nth admitted request, counted from 0. */
  refund(nth: number, now: number): void {
    const admitted = this.admitted[nth];
    if (admitted) admitted.refundedAt ??= now;
  }

  remaining(now: number): number {
    return Math.max(0, this.rule.limit - this.used(now));
  }

  /** Returns the most units that were admitted in any window of the limit's length. */
  most(): number {
    return mostIn(this.admitted, this.rule.windowMs);
  }

  /** Returns the bound that docs/concepts/algorithms.md states. */
  bound(): number {
    return boundOf(this.rule);
  }
}

/** Returns the most units that any window of the limit's length admits. */
export function boundOf({ algorithm, limit }: Pick<ModelLimit, "algorithm" | "limit">): number {
  return referenceOf(algorithm).mostInAWindow(limit);
}

/** Returns the most units that were admitted in any window of a length in milliseconds. */
export function mostIn(admitted: readonly Admitted[], windowMs: number): number {
  const windows = admitted.map((first) =>
    unitsOf(admitted, ({ at }) => at >= first.at && at < first.at + windowMs),
  );
  return Math.max(0, ...windows);
}
