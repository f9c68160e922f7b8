import type { MinuteGroup } from "#lib/observe/counts";
import { countOf } from "./count.ts";
import { outcomeOf, Tally } from "./tally.ts";

export const MINUTE_MS = 60_000;
export const TEN_MINUTES_MS = 10 * MINUTE_MS;
export const HOUR_MS = 60 * MINUTE_MS;

/** How many hours a chart of a day overlaps: the current one, and 24 before it. */
const HOURS = 25;

/** How old the reading of an hour may be, in milliseconds. Instances write up to 50 minutes late. */
const FRESH_MS = { running: 0, before: 5_000, older: 10 * MINUTE_MS } as const;

const GROUPS: ReadonlySet<string> = new Set<MinuteGroup>([
  "store",
  "breaker",
  "locks",
  "dedup",
  "idempotency",
]);

function isGroup(name: string): name is MinuteGroup {
  return GROUPS.has(name);
}

/** The reading of one hour. */
interface Hour {
  readonly readAt: number;
  /** The sum of all fields. Counts only grow, so it shows whether something was added. */
  readonly sum: number;
  /** The length of a step: a minute for the last two hours, ten minutes for older ones. */
  readonly stepMs: number;
  /** The counts by the start of the step. */
  readonly steps: ReadonlyMap<number, Tally>;
}

/** The last 25 hours of counters, as far as they have been read. Older hours are dropped. */
export class Hours {
  readonly #hours = new Map<number, Hour>();
  #version = 0;

  /**
   * Returns a number that changes when a past hour is read for the first time, or with other counts than
   * before.
   */
  get version(): number {
    return this.#version;
  }

  /** Returns the starts of the hours that must be read now, the current one first. */
  due(now: number): readonly number[] {
    const running = now - (now % HOUR_MS);
    for (const start of this.#hours.keys()) {
      if (start <= running - HOURS * HOUR_MS || start > running) this.#hours.delete(start);
    }
    const starts = Array.from({ length: HOURS }, (_, back) => running - back * HOUR_MS);
    return starts.filter((start, back) => {
      const known = this.#hours.get(start);
      if (!known || (back === 1 && known.stepMs !== MINUTE_MS)) return true;
      if (back > 1 && known.stepMs === MINUTE_MS) return true;
      const age = now - known.readAt;
      // A negative age means that the clock was set back, so the reading is from another time.
      return age < 0 || age >= FRESH_MS[back === 0 ? "running" : back === 1 ? "before" : "older"];
    });
  }

  /** Keeps the reply of HGETALL for an hour. */
  keep(start: number, fields: readonly string[], now: number): void {
    const back = (now - (now % HOUR_MS) - start) / HOUR_MS;
    const stepMs = back <= 1 ? MINUTE_MS : TEN_MINUTES_MS;
    const sum = sumOf(fields);
    if (back > 0 && this.#hours.get(start)?.sum !== sum) this.#version += 1;
    this.#hours.set(start, { readAt: now, sum, stepMs, steps: readHour(fields, start, stepMs) });
  }

  /** Returns the counts from one time up to another (exclusive). Both must be the start of a step. */
  between(from: number, to: number): Tally {
    const sum = new Tally();
    for (let hour = from - (from % HOUR_MS); hour < to; hour += HOUR_MS) {
      for (const [at, tally] of this.#hours.get(hour)?.steps ?? []) {
        if (at >= from && at < to) sum.add(tally);
      }
    }
    return sum;
  }
}

function sumOf(fields: readonly string[]): number {
  return fields.reduce((sum, value, i) => (i % 2 === 0 ? sum : sum + countOf(value)), 0);
}

/** Reads the fields of an hour's hash: `<minute> <rule> <outcome>`, `<minute> (<group>) <value>`. */
function readHour(
  fields: readonly string[],
  start: number,
  stepMs: number,
): ReadonlyMap<number, Tally> {
  const steps = new Map<number, Tally>();
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [minute = "", name = "", ...rest] = (fields[i] ?? "").split(" ");
    const count = countOf(fields[i + 1]);
    if (!/^[1-5]?\d$/.test(minute) || !(count > 0)) continue;
    const at = start + Number(minute) * MINUTE_MS;
    const step = at - (at % stepMs);
    const tally = steps.get(step) ?? new Tally();
    steps.set(step, tally);
    addField(tally, name, rest.join(" "), count);
  }
  return steps;
}

function addField(tally: Tally, name: string, value: string, count: number): void {
  const group = name.slice(1, -1);
  const outcome = outcomeOf(value);
  if (name === `(${group})` && isGroup(group)) tally.grouped(group, value, count);
  else if (outcome) tally.decided(name, outcome, count);
}
