import type { MinuteGroup } from "#lib/observe/counts";
import { BUCKETS } from "#lib/observe/metric-table";
import type { Outcomes, StorePoint } from "./model.ts";

/** The most rules of one step of time. Further ones are ignored, because Redis does not bound a hash. */
const MOST_RULES = 500;

/** The page shows whether requests were allowed. The log and the metrics separate lists from limits. */
const OUTCOMES: Readonly<Record<string, keyof Outcomes>> = {
  allowed: "allowed",
  uncounted: "allowed",
  denied: "denied",
  blocked: "denied",
  shadow_denied: "shadowDenied",
  degraded: "degraded",
};

/** No decisions. */
export const NONE: Outcomes = { allowed: 0, denied: 0, shadowDenied: 0, degraded: 0 };

const NAMES = Object.keys(NONE) as readonly (keyof Outcomes)[];

type Counted = { -readonly [Outcome in keyof Outcomes]: number };

/** Returns the sum of two counts of decisions, or with -1 their difference. */
export function plus(one: Outcomes, other: Outcomes, times: 1 | -1 = 1): Outcomes {
  return {
    allowed: one.allowed + times * other.allowed,
    denied: one.denied + times * other.denied,
    shadowDenied: one.shadowDenied + times * other.shadowDenied,
    degraded: one.degraded + times * other.degraded,
  };
}

/** Returns the outcome of a label of the counters; undefined for any other text. */
export function outcomeOf(label: string): keyof Outcomes | undefined {
  return Object.hasOwn(OUTCOMES, label) ? OUTCOMES[label] : undefined;
}

/** The counts of one step of time. */
export class Tally {
  readonly rules = new Map<string, Counted>();
  /** The outcomes of locks, keys and the breaker, such as "locks acquired". */
  readonly groups = new Map<string, number>();
  #ok = 0;
  #failed = 0;
  readonly #buckets = new Float64Array(BUCKETS.length + 1);

  /** Adds decisions of a rule. */
  decided(rule: string, outcome: keyof Outcomes, count: number): void {
    let counted = this.rules.get(rule);
    if (!counted) {
      if (this.rules.size >= MOST_RULES) return;
      counted = { ...NONE };
      this.rules.set(rule, counted);
    }
    counted[outcome] += count;
  }

  /** Adds to a group. For store calls, `value` is "ok", "failed", or "le" with the end of a bucket. */
  grouped(group: MinuteGroup, value: string, count: number): void {
    if (group !== "store") {
      const name = `${group} ${value}`;
      this.groups.set(name, (this.groups.get(name) ?? 0) + count);
    } else if (value === "ok") this.#ok += count;
    else if (value === "failed") this.#failed += count;
    else if (value.startsWith("le ")) {
      const at = BUCKETS.findIndex((bound) => String(bound) === value.slice(3));
      this.#inBucket(at < 0 ? BUCKETS.length : at, count);
    }
  }

  /** Adds the counts of another tally. */
  add(other: Tally): void {
    for (const [rule, counted] of other.rules) {
      for (const outcome of NAMES) this.decided(rule, outcome, counted[outcome]);
    }
    for (const [name, count] of other.groups) {
      this.groups.set(name, (this.groups.get(name) ?? 0) + count);
    }
    this.#ok += other.#ok;
    this.#failed += other.#failed;
    for (const [at, count] of other.#buckets.entries()) this.#inBucket(at, count);
  }

  #inBucket(at: number, count: number): void {
    this.#buckets[at] = (this.#buckets[at] ?? 0) + count;
  }

  /** Returns the calls to the store. */
  get store(): StorePoint {
    return {
      calls: this.#ok + this.#failed,
      failed: this.#failed,
      p50Ms: percentile(this.#buckets, 0.5),
      p95Ms: percentile(this.#buckets, 0.95),
    };
  }
}

/**
 * Returns a percentile of all calls, in milliseconds; null without a call. Calls are assumed to be spread
 * evenly in their bucket, and calls above the last bound to be at that bound.
 */
function percentile(buckets: Float64Array, share: number): number | null {
  const all = buckets.reduce((sum, count) => sum + count, 0);
  if (all === 0) return null;
  let left = share * all;
  for (const [at, count] of buckets.entries()) {
    if (count > 0 && left <= count) return inBucket(at, left / count);
    left -= count;
  }
  return inBucket(BUCKETS.length, 1);
}

function inBucket(at: number, part: number): number {
  const from = at === 0 ? 0 : (BUCKETS[at - 1] ?? 0);
  const to = BUCKETS[at] ?? from;
  return Math.round((from + (to - from) * part) * 100_000) / 100;
}
