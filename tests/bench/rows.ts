import type { Load } from "./load.ts";
import { percentile } from "./numbers.ts";

/** The loads at one number of connections by name, in the order of the rounds. */
export type Loads<Name extends string> = (name: Name) => readonly Load[];

/**
 * Returns the result of all rounds of a name: medians, and the medians of the ratios within each round. A
 * ratio is NaN when one of the two was not loaded.
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

/** Returns the median of the ratios within each round, by default of requests per second, or NaN without loads. */
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

/** Returns the cells of a row in the order of {@link ROW_HEAD}. */
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
