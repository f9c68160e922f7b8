import { HOUR_MS, type Hours, MINUTE_MS, TEN_MINUTES_MS } from "./hours.ts";
import type { History, Series } from "./model.ts";
import { NONE, type Tally } from "./tally.ts";

/** Returns the history of both charts: the last hour by the minute, and the last day by ten minutes. */
export function historyOf(hours: Hours, now: number): History {
  return {
    hour: seriesOf(hours, now, { stepMs: MINUTE_MS, spanMs: HOUR_MS }),
    day: seriesOf(hours, now, { stepMs: TEN_MINUTES_MS, spanMs: 24 * HOUR_MS }),
  };
}

function seriesOf(
  hours: Hours,
  now: number,
  { stepMs, spanMs }: { readonly stepMs: number; readonly spanMs: number },
): Series {
  const steps = spanMs / stepMs;
  const start = now - (now % stepMs) - (steps - 1) * stepMs;
  const tallies = Array.from({ length: steps }, (_, i) =>
    hours.between(start + i * stepMs, start + (i + 1) * stepMs),
  );
  const points = tallies.map((tally) => tally.store);
  return {
    start,
    stepMs,
    steps,
    rules: rulesOf(tallies),
    store: {
      calls: points.map(({ calls }) => calls),
      failed: points.map(({ failed }) => failed),
      p50Ms: points.map(({ p50Ms }) => p50Ms),
      p95Ms: points.map(({ p95Ms }) => p95Ms),
    },
  };
}

function rulesOf(tallies: readonly Tally[]): Series["rules"] {
  const names = new Set(tallies.flatMap(({ rules }) => [...rules.keys()]));
  const rules = [...names].map((name) => {
    const counts = tallies.map((tally) => tally.rules.get(name) ?? NONE);
    const series = {
      allowed: counts.map(({ allowed }) => allowed),
      denied: counts.map(({ denied }) => denied),
      shadowDenied: counts.map(({ shadowDenied }) => shadowDenied),
      degraded: counts.map(({ degraded }) => degraded),
    };
    return [name, series] as const;
  });
  return Object.fromEntries(rules);
}
