import type { Algorithm } from "#lib/policy/types";

/** One limit, as the model knows it. */
export interface ModelLimit {
  readonly algorithm: Algorithm;
  readonly limit: number;
  readonly windowMs: number;
  readonly cost: number;
}

/** A request that was admitted: when (ms), and what it took. */
interface Admitted {
  readonly at: number;
  readonly cost: number;
  /** When it was refunded (ms). */
  refundedAt?: number;
}

/**
 * The reference: what the algorithms mean, written as plainly as can be, over an array of all
 * admitted requests. It remembers everything and is never fast.
 */
export class Model {
  readonly admitted: Admitted[] = [];
  readonly rule: ModelLimit;

  constructor(rule: ModelLimit) {
    this.rule = rule;
  }

  /** The units that count at a time. */
  used(now: number): number {
    return USED[this.rule.algorithm](this.admitted, this.rule, now);
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

type Used = (admitted: readonly Admitted[], rule: ModelLimit, now: number) => number;

const USED: Readonly<Record<Algorithm, Used>> = {
  "sliding-log": (admitted, { windowMs }, now) =>
    sum(admitted, ({ at }) => at > now - windowMs && at <= now),

  "sliding-window": (admitted, { windowMs }, now) => {
    const index = Math.floor(now / windowMs);
    const elapsed = now - index * windowMs;
    const current = sum(admitted, ({ at }) => Math.floor(at / windowMs) === index);
    const previous = sum(admitted, ({ at }) => Math.floor(at / windowMs) === index - 1);
    return current + Math.ceil((previous * (windowMs - elapsed)) / windowMs);
  },

  "fixed-window": (admitted, { windowMs }, now) =>
    sum(admitted, ({ at }) => Math.floor(at / windowMs) === Math.floor(now / windowMs)),

  "token-bucket": (admitted, { limit, windowMs }, now) => {
    // In units × window, so that every number is whole.
    let missing = 0;
    let then = admitted[0]?.at ?? now;
    const passTo = (time: number) => {
      missing = Math.max(0, missing - (time - then) * limit);
      then = time;
    };
    const events = admitted.flatMap(({ at, cost, refundedAt }) => {
      const take = { time: at, missing: cost * windowMs };
      if (refundedAt === undefined) return [take];
      // Of what it took, the part that has not refilled by itself until then.
      const rest = Math.max(0, cost * windowMs - (refundedAt - at) * limit);
      return [take, { time: refundedAt, missing: -rest }];
    });
    for (const event of events.toSorted((a, b) => a.time - b.time)) {
      passTo(event.time);
      missing = Math.max(0, missing + event.missing);
    }
    passTo(now);
    return Math.ceil(missing / windowMs);
  },
};

/** The most that any window of the limit's length admits. */
export function boundOf({ algorithm, limit }: Pick<ModelLimit, "algorithm" | "limit">): number {
  if (algorithm === "sliding-log") return limit;
  return algorithm === "fixed-window" ? 2 * limit : 2 * limit - 1;
}

/** The most units that were admitted in any window of a length in milliseconds. */
export function mostIn(admitted: readonly Admitted[], windowMs: number): number {
  const windows = admitted.map((first) =>
    sum(admitted, ({ at }) => at >= first.at && at < first.at + windowMs),
  );
  return Math.max(0, ...windows);
}

function sum(admitted: readonly Admitted[], counts: (one: Admitted) => boolean): number {
  const held = admitted.filter((one) => one.refundedAt === undefined && counts(one));
  return held.reduce((total, { cost }) => total + cost, 0);
}
