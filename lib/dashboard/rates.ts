import type { Outcomes } from "./model.ts";
import { NONE, outcomeOf, plus } from "./tally.ts";

/** Cumulative counters at one time. */
interface Sample {
  readonly at: number;
  readonly rules: ReadonlyMap<string, Outcomes>;
  readonly calls: number;
  readonly failed: number;
}

/**
 * The shortest time between two readings that are compared, in milliseconds. In less time, one write of an
 * instance would look like a burst.
 */
const SHORTEST_MS = 1_500;

/** Rates a second, from the difference of cumulative counters. */
export interface Rates {
  readonly rules: ReadonlyMap<string, Outcomes>;
  readonly calls: number;
  readonly failed: number;
}

/** Compares the current cumulative counters with those of a span ago. */
export class RateMeter {
  readonly #spanMs: number;
  /** At most one sample a second, over one span. */
  readonly #samples: Sample[] = [];

  /** @param spanMs the time over which rates are averaged, in milliseconds */
  constructor(spanMs: number) {
    this.#spanMs = spanMs;
  }

  /** Adds the counters at a time in milliseconds: the fields of the hash `totals`. */
  take(totals: ReadonlyMap<string, number>, at: number): void {
    const sample = sampleOf(totals, at);
    const last = this.#samples.at(-1);
    // Counters that went down were deleted, so the comparison starts again.
    if (last && (sample.calls < last.calls || at < last.at)) this.#samples.length = 0;
    this.#samples.push(sample);
    while ((this.#samples[1]?.at ?? Infinity) <= at - this.#spanMs) this.#samples.shift();
  }

  /** Returns the rates of the span; undefined until two readings can be compared. */
  rates(): Rates | undefined {
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    if (!first || !last || last.at - first.at < SHORTEST_MS) return undefined;
    const seconds = (last.at - first.at) / 1000;
    const rules = [...last.rules].map(([rule, counts]) => {
      const more = plus(counts, first.rules.get(rule) ?? NONE, -1);
      return [rule, perSecond(more, seconds)] as const;
    });
    return {
      rules: new Map(rules),
      calls: rateOf(last.calls - first.calls, seconds),
      failed: rateOf(last.failed - first.failed, seconds),
    };
  }
}

/** Returns a rate with three decimals. It is not below 0, even when its counter was deleted. */
function rateOf(count: number, seconds: number): number {
  return Math.max(0, Math.round((count / seconds) * 1000) / 1000);
}

function perSecond(counts: Outcomes, seconds: number): Outcomes {
  const rate = (count: number) => rateOf(count, seconds);
  return {
    allowed: rate(counts.allowed),
    denied: rate(counts.denied),
    shadowDenied: rate(counts.shadowDenied),
    degraded: rate(counts.degraded),
  };
}

function sampleOf(totals: ReadonlyMap<string, number>, at: number): Sample {
  const rules = new Map<string, Outcomes>();
  for (const [field, count] of totals) {
    const [name, rule = "", label = ""] = field.split(" ");
    const outcome = name === "decisions_total" ? outcomeOf(label) : undefined;
    const before = rules.get(rule) ?? NONE;
    if (outcome) rules.set(rule, { ...before, [outcome]: before[outcome] + count });
  }
  const failed = totals.get("store_calls_total failed") ?? 0;
  return { at, rules, calls: failed + (totals.get("store_calls_total ok") ?? 0), failed };
}
