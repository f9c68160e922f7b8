/** A table of a part of the benchmark, as printed. */
export interface Table {
  /** The content of the table and the way of measurement, in whole sentences. */
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** One measured figure of a {@link Wanted}. */
export interface Seen {
  /** The difference from the other figures, such as "16 connections", or an empty text for a single figure. */
  readonly at: string;
  /** The measured value, or null when it could not be measured, because JSON has no NaN. */
  readonly value: number | null;
}

/** Some figures with a common bound, each with its measured value. */
export interface Wanted {
  readonly what: string;
  readonly is: "at least" | "at most" | "under";
  readonly wanted: number;
  /** A unit such as "ms", or undefined for a ratio or a count. */
  readonly unit?: string;
  readonly seen: readonly Seen[];
}

/** A bar of the picture of middlewares. */
export interface Bar {
  readonly what: string;
  readonly connections: number;
  /** The ratio of requests per second to a middleware that does nothing. */
  readonly toNothing: number;
}

/** The result of a part: tables, wanted figures, and single figures for texts of the docs. */
export interface Report {
  readonly tables: readonly Table[];
  readonly wanted: readonly Wanted[];
  readonly figures?: Readonly<Record<string, string>>;
  readonly bars?: readonly Bar[];
  /** The measured data before rounding, which only .headgate/bench.json has. */
  readonly data?: unknown;
}

/** A report in docs/evidence, with the time, place, way and commit of its measurement. */
export interface Saved extends Omit<Report, "data"> {
  readonly part: string;
  /** The command that repeats the measurement. */
  readonly command: string;
  /** The day, such as "2026-11-30", in UTC. */
  readonly date: string;
  /** The measured commit. */
  readonly commit: string;
  readonly machine: string;
  readonly versions: readonly string[];
}
