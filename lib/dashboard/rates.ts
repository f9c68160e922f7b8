import type { Outcomes } from "./model.ts";
import { NONE, outcomeOf, plus } from "./tally.ts";

/** Cumulative counters at one time. */
interface Sample {
  readonly at: number;
  readonly rules: ReadonlyMap<string, Outcomes>;
  readonly calls: number;
  readonly failed: number;
}

/** Two readings closer than this say little: one write of an instance would look like a burst. */
const SHORTEST_MS = 1_500;

/** What happened a second, by the difference of cumulative counters. */
export interface Rates {
  readonly rules: ReadonlyMap<string, Outcomes>;
  readonly calls: number;
  readonly failed: number;
}

/** Compares the cumulative counters of now with those of a span ago. */
export class RateMeter {
  readonly #spanMs: number;
  /** A sample a second at most, so a span of them. */
  readonly #samples: Sample[] = [];

  /** @param spanMs over how many milliseconds a rate is the mean */
  constructor(spanMs: number) {
    this.#spanMs = spanMs;
  }

  /** Takes the counters as they are at a time in milliseconds: the fields of the hash `totals`. */
  take(totals: ReadonlyMap<string, number>, at: number): void {
    const sample = sampleOf(totals, at);
    const last = this.#samples.at(-1);
    // Counters that went down were deleted, and begin anew.
    if (last && (sample.calls < last.calls || at < last.at)) this.#samples.length = 0;
    this.#samples.push(sample);
    while ((this.#samples[1]?.at ?? Infinity) <= at - this.#spanMs) this.#samples.shift();
  }

  /** Returns the mean of the span; undefined until two readings can be compared. */
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

/** Returns a rate to three places. One whose counter was deleted begins anew, and is not below 0. */
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
