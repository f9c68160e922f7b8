import { describe, expect, test } from "vitest";
import type { History, MinuteNow, Outcomes, Series } from "#lib/dashboard/model";
import { mergeHistory, outcomesOf, rememberMinutes } from "#lib/dashboard/page/merge";

const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 29, 12, 0);

function outcomes(denied: number): Outcomes {
  return { allowed: 10 * denied, denied, shadowDenied: 0, degraded: 0 };
}

function series(start: number, stepMs: number, denied: readonly number[]): Series {
  return {
    start,
    stepMs,
    steps: denied.length,
    rules: {
      search: {
        allowed: denied.map((each) => 10 * each),
        denied,
        shadowDenied: denied.map(() => 0),
        degraded: denied.map(() => 0),
      },
    },
    store: {
      calls: denied.map((each) => each),
      failed: denied.map(() => 0),
      p50Ms: denied.map((each) => (each > 0 ? 1 : null)),
      p95Ms: denied.map((each) => (each > 0 ? 2 : null)),
    },
  };
}

/** Five minutes from 12:00, and three steps of ten minutes, of which the last has not ended. */
function historyFrom(start = START): History {
  return {
    hour: series(start, MINUTE, [1, 2, 3, 4, 5]),
    day: series(START - 20 * MINUTE, 10 * MINUTE, [100, 50, 15]),
  };
}

function minute(at: number, denied: number, rule = "search", p50Ms: number | null = 7): MinuteNow {
  return {
    start: START + at * MINUTE,
    rules: { [rule]: outcomes(denied) },
    store: { calls: denied, failed: 1, p50Ms, p95Ms: 9 },
  };
}

const denied = (of: Series, rule?: string) => outcomesOf(of, rule).denied;

describe("mergeHistory", () => {
  test("mergeHistory updates the last point with each snapshot", () => {
    const first = mergeHistory(historyFrom(), [minute(4, 6)]);
    const second = mergeHistory(first, [minute(4, 9)]);
    expect(denied(first.hour)).toEqual([1, 2, 3, 4, 6]);
    expect(denied(second.hour)).toEqual([1, 2, 3, 4, 9]);
    expect(second.hour.store.calls).toEqual([1, 2, 3, 4, 9]);
    expect(second.hour.store.p50Ms).toEqual([1, 1, 1, 1, 7]);
    expect(second.hour.store.failed.at(-1)).toBe(1);
  });

  test("mergeHistory adds late counts to the minute before", () => {
    const { hour } = mergeHistory(historyFrom(), [minute(3, 40), minute(4, 6)]);
    expect(denied(hour)).toEqual([1, 2, 3, 40, 6]);
  });

  test("mergeHistory adds a step when a new minute begins", () => {
    const { hour } = mergeHistory(historyFrom(), [minute(4, 6), minute(5, 1)]);
    expect(hour.start).toBe(START + MINUTE);
    expect(denied(hour)).toEqual([2, 3, 4, 6, 1]);
    expect(hour.store.p50Ms).toEqual([1, 1, 1, 7, 7]);
  });

  test("mergeHistory leaves minutes empty when there were no snapshots", () => {
    const { hour } = mergeHistory(historyFrom(), [minute(7, 8)]);
    expect(denied(hour)).toEqual([4, 5, 0, 0, 8]);
    expect(hour.store.p50Ms).toEqual([1, 1, null, null, 7]);
  });

  test("mergeHistory keeps the counts of snapshots when an older history arrives late", () => {
    const seen = rememberMinutes([], [minute(4, 8), minute(5, 3)]);
    const { hour } = mergeHistory(historyFrom(), rememberMinutes(seen, [minute(6, 1)]));
    expect(denied(hour)).toEqual([3, 4, 8, 3, 1]);
  });

  test("mergeHistory keeps the counts of a newer history for a minute that a snapshot had earlier", () => {
    const { hour } = mergeHistory(historyFrom(), [minute(3, 1), minute(4, 2)]);
    expect(denied(hour)).toEqual([1, 2, 3, 4, 5]);
    expect(hour.store.p50Ms).toEqual([1, 1, 1, 1, 1]);
  });

  test("mergeHistory begins a series for a new rule, whatever its name is", () => {
    const { hour } = mergeHistory(historyFrom(), [minute(4, 6, "constructor")]);
    expect(denied(hour, "constructor")).toEqual([0, 0, 0, 0, 6]);
    expect(denied(hour, "search")).toEqual([1, 2, 3, 4, 5]);
    expect(denied(hour)).toEqual([1, 2, 3, 4, 11]);
    expect(denied(hour, "toString")).toEqual([0, 0, 0, 0, 0]);
  });

  test("mergeHistory ignores a minute from before the hour", () => {
    expect(mergeHistory(historyFrom(), [minute(-1, 9)]).hour).toEqual(historyFrom().hour);
  });

  test("mergeHistory updates the last point of the day by the sum of its minutes", () => {
    const { day } = mergeHistory(historyFrom(), [minute(4, 25)]);
    expect(denied(day)).toEqual([100, 50, 1 + 2 + 3 + 4 + 25]);
    expect(day.store.p50Ms.at(-1)).toBe(1);
  });

  test("mergeHistory begins a new step of the day", () => {
    const { day } = mergeHistory(historyFrom(), [minute(10, 4)]);
    expect(day.start).toBe(START - 10 * MINUTE);
    expect(denied(day)).toEqual([50, 15, 4]);
    expect(day.store.p50Ms).toEqual([1, 1, 7]);
  });
});

test("rememberMinutes replaces a minute that was sent again, and keeps a bounded number", () => {
  const first = rememberMinutes([], [minute(1, 1), minute(0, 1)]);
  const second = rememberMinutes(first, [minute(1, 5)]);
  expect(second.map(({ rules }) => rules["search"]?.denied)).toEqual([1, 5]);
  const many = rememberMinutes(
    [],
    Array.from({ length: 100 }, (_, i) => minute(i, i)),
  );
  expect(many.length).toBeLessThan(20);
  expect(many.at(-1)?.start).toBe(START + 99 * MINUTE);
});
