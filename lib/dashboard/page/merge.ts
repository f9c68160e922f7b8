import type { History, MinuteNow, OutcomeSeries, Series } from "#lib/dashboard/model";
import { byOutcome } from "./outcomes.ts";

/** How many minutes of snapshots are kept: more than a history can be late. */
const KEPT = 15;

/**
 * Returns the minutes of all snapshots so far, the oldest first. A minute that was sent again replaces what
 * it was.
 */
export function rememberMinutes(
  known: readonly MinuteNow[],
  sent: readonly MinuteNow[],
): readonly MinuteNow[] {
  const byStart = new Map([...known, ...sent].map((minute) => [minute.start, minute]));
  return [...byStart.values()].sort((one, other) => one.start - other.start).slice(-KEPT);
}

/**
 * Returns a history with the minutes of snapshots in it. Counts of a step only grow, so the larger of two
 * numbers for a step is the newer, in whatever order they arrive.
 */
export function mergeHistory(history: History, minutes: readonly MinuteNow[]): History {
  const last = Math.max(0, ...minutes.map(({ start }) => start));
  const hour = minutes.reduce(addStep, reachTo(history.hour, last));
  return { hour, day: addHour(reachTo(history.day, last), hour) };
}

/** Extends a series with empty steps at its end until it contains a time. */
function reachTo(series: Series, time: number): Series {
  const by = Math.floor((time - series.start) / series.stepMs) - series.steps + 1;
  if (by <= 0) return series;
  const moved = <T>(list: readonly T[], empty: T): readonly T[] =>
    fill(series, (i) => list[i + by] ?? empty);
  const { calls, failed, p50Ms, p95Ms } = series.store;
  return {
    ...series,
    start: series.start + by * series.stepMs,
    rules: mapValues(series.rules, (of) => byOutcome((outcome) => moved(of[outcome], 0))),
    store: {
      calls: moved(calls, 0),
      failed: moved(failed, 0),
      p50Ms: moved(p50Ms, null),
      p95Ms: moved(p95Ms, null),
    },
  };
}

/** Merges the numbers of one step into a series. */
function addStep(series: Series, { start, rules, store }: MinuteNow): Series {
  const at = Math.floor((start - series.start) / series.stepMs);
  if (at < 0 || at >= series.steps) return series;
  const { calls, failed, p50Ms, p95Ms } = series.store;
  const atLeast = (list: readonly number[], value: number): readonly number[] =>
    value > (list[at] ?? 0) ? whole(series, list, 0).with(at, value) : list;
  const isNewer = store.calls >= (calls[at] ?? 0);
  const time = (list: readonly (number | null)[], value: number | null) =>
    isNewer ? whole(series, list, null).with(at, value) : list;
  return {
    ...series,
    rules: {
      ...series.rules,
      ...mapValues(rules, (outcomes, name) => {
        const known = own(series.rules, name) ?? NO_SERIES;
        return byOutcome((outcome) => atLeast(known[outcome], outcomes[outcome]));
      }),
    },
    store: {
      calls: atLeast(calls, store.calls),
      failed: atLeast(failed, store.failed),
      p50Ms: time(p50Ms, store.p50Ms),
      p95Ms: time(p95Ms, store.p95Ms),
    },
  };
}

/** Merges the minutes of an hour into the last two steps of a day. Older steps no longer change. */
function addHour(day: Series, hour: Series): Series {
  return [day.steps - 2, day.steps - 1].map((at) => stepOf(day, hour, at)).reduce(addStep, day);
}

function stepOf({ start, stepMs, store }: Series, hour: Series, at: number): MinuteNow {
  const from = Math.floor((start + at * stepMs - hour.start) / hour.stepMs);
  const minutes = <T>(list: readonly T[]): readonly T[] =>
    list.slice(Math.max(0, from), Math.max(0, from + stepMs / hour.stepMs));
  const sum = (list: readonly number[]): number => minutes(list).reduce((a, b) => a + b, 0);
  // Percentiles cannot be added. Those of the whole step, if known, are better than those of the last minute.
  const time = (known: number | null | undefined, list: readonly (number | null)[]) =>
    known ?? minutes(list).findLast((value) => value !== null) ?? null;
  return {
    start: start + at * stepMs,
    rules: mapValues(hour.rules, (of) => byOutcome((outcome) => sum(of[outcome]))),
    store: {
      calls: sum(hour.store.calls),
      failed: sum(hour.store.failed),
      p50Ms: time(store.p50Ms[at], hour.store.p50Ms),
      p95Ms: time(store.p95Ms[at], hour.store.p95Ms),
    },
  };
}

const NO_SERIES: OutcomeSeries = byOutcome(() => []);

/** Returns the decisions of one rule in each step of a series, or of all rules when no rule is given. */
export function outcomesOf(series: Series, rule: string | undefined): OutcomeSeries {
  const of =
    rule === undefined ? Object.values(series.rules) : [own(series.rules, rule) ?? NO_SERIES];
  return byOutcome((outcome) =>
    fill(series, (i) => of.reduce((sum, each) => sum + (each[outcome][i] ?? 0), 0)),
  );
}

/** Returns a list with as many steps as its series. */
function whole<T>(series: Series, list: readonly T[], empty: T): readonly T[] {
  return list.length === series.steps ? list : fill(series, (i) => list[i] ?? empty);
}

function fill<T>({ steps }: Series, value: (i: number) => T): readonly T[] {
  return Array.from({ length: steps }, (_, i) => value(i));
}

/** Returns an own property, because a rule may be called "constructor". */
function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function mapValues<T, R>(
  record: Readonly<Record<string, T>>,
  change: (value: T, name: string) => R,
): Readonly<Record<string, R>> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name, change(value, name)]),
  );
}
