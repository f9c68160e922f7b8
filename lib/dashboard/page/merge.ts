import type { History, MinuteNow, OutcomeSeries, Series } from "#lib/dashboard/model";
import { byOutcome, NO_OUTCOMES, sumOf } from "./outcomes.ts";

/** So many minutes of snapshots are kept: more than a history can be late. */
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
 * Returns a history with the minutes of snapshots in it. Counts of a step only grow, so of two numbers for
 * one step the larger is the newer, whichever of them arrived first.
 */
export function mergeHistory(history: History, minutes: readonly MinuteNow[]): History {
  const last = Math.max(0, ...minutes.map(({ start }) => start));
  const hour = minutes.reduce(addStep, reachTo(history.hour, last));
  return { hour, day: addHour(reachTo(history.day, last), hour) };
}

/** Moves a series on, with empty steps at its end, until a time is within it. */
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

/** Brings the numbers of one step into a series. */
function addStep(series: Series, { start, rules, store }: MinuteNow): Series {
  const at = Math.floor((start - series.start) / series.stepMs);
  if (at < 0 || at >= series.steps) return series;
  const { calls, failed, p50Ms, p95Ms } = series.store;
  const atLeast = (list: readonly number[], value: number): readonly number[] =>
    fill(series, (i) => Math.max(list[i] ?? 0, i === at ? value : 0));
  const isNewer = store.calls >= (calls[at] ?? 0);
  const time = (list: readonly (number | null)[], value: number | null) =>
    isNewer ? fill(series, (i) => (i === at ? value : (list[i] ?? null))) : list;
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

/** Brings the minutes of an hour into the longer steps of a day. */
function addHour(day: Series, hour: Series): Series {
  const steps = new Map<number, MinuteNow>();
  for (let i = 0; i < hour.steps; i++) {
    const minute = minuteOf(hour, i);
    const at = Math.floor((minute.start - day.start) / day.stepMs);
    steps.set(at, joined(steps.get(at), { ...minute, start: day.start + at * day.stepMs }));
  }
  return [...steps].map(([at, step]) => withTimes(step, day.store, at)).reduce(addStep, day);
}

/** The percentiles of a whole step, where they are known, say more than those of its last minute. */
function withTimes(step: MinuteNow, { p50Ms, p95Ms }: Series["store"], at: number): MinuteNow {
  const { store } = step;
  return {
    ...step,
    store: { ...store, p50Ms: p50Ms[at] ?? store.p50Ms, p95Ms: p95Ms[at] ?? store.p95Ms },
  };
}

function minuteOf({ start, stepMs, rules, store }: Series, i: number): MinuteNow {
  return {
    start: start + i * stepMs,
    rules: mapValues(rules, (of) => byOutcome((outcome) => of[outcome][i] ?? 0)),
    store: {
      calls: store.calls[i] ?? 0,
      failed: store.failed[i] ?? 0,
      p50Ms: store.p50Ms[i] ?? null,
      p95Ms: store.p95Ms[i] ?? null,
    },
  };
}

/** Two minutes of one series as one. Of their percentiles, which cannot be added, the later stand. */
function joined(one: MinuteNow | undefined, other: MinuteNow): MinuteNow {
  if (!one) return other;
  return {
    start: one.start,
    rules: mapValues(other.rules, (outcomes, name) =>
      sumOf([own(one.rules, name) ?? NO_OUTCOMES, outcomes]),
    ),
    store: {
      calls: one.store.calls + other.store.calls,
      failed: one.store.failed + other.store.failed,
      p50Ms: other.store.p50Ms ?? one.store.p50Ms,
      p95Ms: other.store.p95Ms ?? one.store.p95Ms,
    },
  };
}

const NO_SERIES: OutcomeSeries = byOutcome(() => []);

/** Returns the decisions of one rule in each step of a series, or of all rules where none is named. */
export function outcomesOf(series: Series, rule: string | undefined): OutcomeSeries {
  const of =
    rule === undefined ? Object.values(series.rules) : [own(series.rules, rule) ?? NO_SERIES];
  return byOutcome((outcome) =>
    fill(series, (i) => of.reduce((sum, each) => sum + (each[outcome][i] ?? 0), 0)),
  );
}

function fill<T>({ steps }: Series, value: (i: number) => T): readonly T[] {
  return Array.from({ length: steps }, (_, i) => value(i));
}

/** A rule may be called "constructor". */
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
