import { expect, test } from "vitest";
import { RateMeter } from "#lib/dashboard/rates";

const SPAN_MS = 10_000;

function totals(allowed: number, denied = 0): ReadonlyMap<string, number> {
  return new Map([
    ["decisions_total search allowed", allowed],
    ["decisions_total search denied", denied],
    ["decision_duration_seconds sum", 5],
    ["store_calls_total ok", allowed],
    ["store_calls_total failed", denied],
  ]);
}

test("a rate needs two readings", () => {
  const meter = new RateMeter(SPAN_MS);
  expect(meter.rates()).toBeUndefined();
  meter.take(totals(100), 0);
  expect(meter.rates()).toBeUndefined();
  meter.take(totals(110, 6), 2_000);
  expect(meter.rates()).toEqual({
    rules: new Map([["search", { allowed: 5, denied: 3, shadowDenied: 0, degraded: 0 }]]),
    calls: 8,
    failed: 3,
  });
});

test("a rate is the mean of the span, and falls to 0 after it", () => {
  const meter = new RateMeter(SPAN_MS);
  const rates: (number | undefined)[] = [];
  for (let second = 0; second <= 22; second += 1) {
    meter.take(totals(second < 12 ? 10 * second : 120), second * 1000);
    rates.push(meter.rates()?.rules.get("search")?.allowed);
  }
  expect([rates[12], rates[17], rates[22]]).toEqual([10, 5, 0]);
});

test("deleted counters start again, and no rate is below 0", () => {
  const meter = new RateMeter(SPAN_MS);
  meter.take(totals(1000), 0);
  meter.take(totals(2), 1_000);
  expect(meter.rates()).toBeUndefined();
  meter.take(totals(6), 3_000);
  expect(meter.rates()?.rules.get("search")?.allowed).toBe(2);
});

test("blocked clients count as denied, and clients that are not counted as allowed", () => {
  const meter = new RateMeter(SPAN_MS);
  const lists = (uncounted: number, blocked: number) =>
    new Map([
      ...totals(uncounted, blocked),
      ["decisions_total search uncounted", uncounted],
      ["decisions_total search blocked", blocked],
      ["decisions_total (none) blocked", blocked],
    ]);
  meter.take(lists(0, 0), 0);
  meter.take(lists(4, 6), 2_000);
  expect(Object.fromEntries(meter.rates()?.rules ?? [])).toEqual({
    search: { allowed: 4, denied: 6, shadowDenied: 0, degraded: 0 },
    "(none)": { allowed: 0, denied: 3, shadowDenied: 0, degraded: 0 },
  });
});
