import { describe, expect, test } from "vitest";
import { HOUR_MS, Hours, MINUTE_MS } from "#lib/dashboard/hours";
import { historyOf } from "#lib/dashboard/series";

const NOON = Date.UTC(2026, 10, 29, 12);
const NOW = NOON + 34 * MINUTE_MS + 56_000;

/** Returns a reply of HGETALL. */
const hash = (fields: Readonly<Record<string, number>>) =>
  Object.entries(fields).flatMap(([field, count]) => [field, String(count)]);

function read(fields: Readonly<Record<string, number>>, now = NOW): Hours {
  const hours = new Hours();
  hours.keep(NOON, hash(fields), now);
  return hours;
}

describe("the hours that are due", () => {
  test("the hours that are due are the current one and the 24 before it when nothing is known", () => {
    const due = new Hours().due(NOW);
    expect([due[0], due.at(-1), due.length]).toEqual([NOON, NOON - 24 * HOUR_MS, 25]);
  });

  test("the current hour is due each time, the one before every 5 s, and older ones every 10 minutes", () => {
    const hours = new Hours();
    for (const start of hours.due(NOW)) hours.keep(start, [], NOW);
    expect(hours.due(NOW)).toEqual([NOON]);
    expect(hours.due(NOW + 5_000)).toEqual([NOON, NOON - HOUR_MS]);
    expect(hours.due(NOW + 10 * MINUTE_MS)).toHaveLength(25);
  });

  test("hours are due again when an hour begins, because the hour before last changes to steps of ten minutes", () => {
    const hours = new Hours();
    for (const start of hours.due(NOW)) hours.keep(start, [], NOW);
    const later = NOON + HOUR_MS;
    for (const start of hours.due(NOW + 25 * MINUTE_MS)) hours.keep(start, [], later - 1);
    expect(hours.due(later).slice(0, 3)).toEqual([later, NOON - HOUR_MS]);
  });

  test("the version of the history changes when a past hour was read", () => {
    const hours = read({});
    expect(hours.version).toBe(0);
    hours.keep(NOON - HOUR_MS, [], NOW);
    expect(hours.version).toBe(1);
  });

  test("the version of the history does not change while the counts of a past hour stay the same", () => {
    const hours = read({});
    const before = (count: number) =>
      hours.keep(NOON - HOUR_MS, hash({ "0 search allowed": count }), NOW);
    for (const count of [3, 3, 4, 4]) before(count);
    expect(hours.version).toBe(2);
  });

  test("all hours that were read before the clock was set back are due", () => {
    const hours = new Hours();
    for (const start of hours.due(NOW)) hours.keep(start, [], NOW);
    expect(hours.due(NOW - 1_000)).toHaveLength(25);
  });
});

describe("what was counted between two times", () => {
  const hours = read({
    "33 search allowed": 4,
    "34 search allowed": 2,
    "34 search uncounted": 7,
    "34 search blocked": 5,
    "34 search shadow_denied": 1,
    "34 (none) denied": 3,
    "34 le 0.005": 5,
    "34 sum": 900,
    "34 (locks) contended": 2,
    "34 (store) ok": 8,
    "34 (store) failed": 2,
    "34 (store) le 0.001": 5,
    "34 (store) le 0.005": 5,
    "34 (store) sum": 12_000,
  });
  const minute = NOON + 34 * MINUTE_MS;

  test("counts between two times are by rule and outcome", () => {
    const { rules } = hours.between(minute, minute + MINUTE_MS);
    expect(Object.fromEntries(rules)).toEqual({
      search: { allowed: 9, denied: 5, shadowDenied: 1, degraded: 0 },
      "(none)": { allowed: 0, denied: 3, shadowDenied: 0, degraded: 0 },
    });
    expect(hours.between(NOON, minute + MINUTE_MS).rules.get("search")?.allowed).toBe(13);
  });

  test("counts between two times have tools by state, and store calls with percentiles", () => {
    const tally = hours.between(minute, minute + MINUTE_MS);
    expect(Object.fromEntries(tally.groups)).toEqual({ "locks contended": 2 });
    // Half of the calls ended within 1 ms. The 95th percentile is at nine tenths between 2.5 and 5 ms.
    expect(tally.store).toEqual({ calls: 10, failed: 2, p50Ms: 1, p95Ms: 4.75 });
    expect(hours.between(NOON, NOON + MINUTE_MS).store).toEqual({
      calls: 0,
      failed: 0,
      p50Ms: null,
      p95Ms: null,
    });
  });

  test("fields that are not counters of a minute are ignored", () => {
    const odd = read({ "60 search allowed": 1, "x search allowed": 1, "1 search lost": 1, "": 1 });
    odd.keep(NOON - HOUR_MS, ["1 search allowed", "no number", "alone"], NOW);
    expect(odd.between(NOON - HOUR_MS, NOON + HOUR_MS).rules.size).toBe(0);
  });

  test("the number of counted rules is bounded", () => {
    const many = Object.fromEntries(Array.from({ length: 700 }, (_, i) => [`0 r${i} allowed`, 1]));
    expect(read(many).between(NOON, NOON + MINUTE_MS).rules.size).toBe(500);
  });
});

describe("the past of the charts", () => {
  test("the history ends with the current minute and the current ten minutes", () => {
    const hours = read({ "34 search denied": 7, "29 search denied": 1 });
    hours.keep(NOON - HOUR_MS, hash({ "35 search allowed": 5, "34 search allowed": 9 }), NOW);
    hours.keep(NOON - 24 * HOUR_MS, hash({ "40 search allowed": 3, "39 search allowed": 8 }), NOW);
    const { hour, day } = historyOf(hours, NOW);
    expect([hour.start, hour.steps]).toEqual([NOON - 25 * MINUTE_MS, 60]);
    expect(hour.rules["search"]?.denied.slice(-6)).toEqual([1, 0, 0, 0, 0, 7]);
    expect(hour.rules["search"]?.allowed[0]).toBe(5);
    expect([day.start, day.steps]).toEqual([NOON + 40 * MINUTE_MS - 24 * HOUR_MS, 144]);
    expect(day.rules["search"]?.denied.slice(-2)).toEqual([1, 7]);
    expect(day.rules["search"]?.allowed[0]).toBe(3);
  });
});
