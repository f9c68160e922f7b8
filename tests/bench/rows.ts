import type { Load } from "./load.ts";
import { percentile } from "./numbers.ts";

/** What was loaded at one number of connections, in the order of the rounds, by name. */
export type Loads<Name extends string> = (name: Name) => readonly Load[];

/**
 * What the rounds of one come to: medians, and the medians of the ratios within each round. A ratio is
 * NaN where one of the two was not loaded.
 */
export function rowOf<Name extends string>(loads: Loads<Name | "nothing" | "upstash">, name: Name) {
  const runs = loads(name);
  const median = (field: keyof Load) =>
    percentile(
      50,
      runs.map((run) => run[field]),
    );
  const ratioTo = (other: "nothing" | "upstash") => ratioOf(runs, loads(other));
  return {
    requestsPerSecond: median("requestsPerSecond"),
    p50: median("p50"),
    p99: median("p99"),
    toNothing: ratioTo("nothing"),
    toUpstash: ratioTo("upstash"),
  };
}

/** The median of the ratios within each round, by default of requests per second; NaN where one was not loaded. */
export function ratioOf(
  runs: readonly Load[],
  others: readonly Load[],
  field: keyof Load = "requestsPerSecond",
): number {
  return percentile(
    50,
    runs.map((run, i) => run[field] / (others[i]?.[field] ?? Number.NaN)),
  );
}

/** The cells of a row, as {@link ROW_HEAD} names them. */
export function cellsOf(row: ReturnType<typeof rowOf>): (string | number)[] {
  return [
    Math.round(row.requestsPerSecond),
    row.toNothing.toFixed(2),
    row.toUpstash.toFixed(2),
    row.p50.toFixed(1),
    row.p99.toFixed(1),
  ];
}

export const ROW_HEAD = ["requests/s", "to do-nothing", "to the example", "p50 ms", "p99 ms"];
