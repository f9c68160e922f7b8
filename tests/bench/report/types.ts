/** A table that a part of the benchmark measured, as it is printed. */
export interface Table {
  /** What the table shows and how it was measured, in whole sentences. */
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** One measured figure of a {@link Wanted}. */
export interface Seen {
  /** What tells the figure from the others, such as "16 connections"; empty when there is only one. */
  readonly at: string;
  /** Null when it could not be measured: JSON has no NaN. */
  readonly value: number | null;
}

/** What is wanted of some figures, beside what was measured of each. */
export interface Wanted {
  readonly what: string;
  readonly is: "at least" | "at most" | "under";
  readonly wanted: number;
  /** Such as "ms"; absent for a ratio or a count. */
  readonly unit?: string;
  readonly seen: readonly Seen[];
}

/** A bar of the picture of middlewares. */
export interface Bar {
  readonly what: string;
  readonly connections: number;
  /** Requests per second, to a middleware that does nothing. */
  readonly toNothing: number;
}

/** What a part of the benchmark returns: tables, what is wanted, and single figures that texts of the docs name. */
export interface Report {
  readonly tables: readonly Table[];
  readonly wanted: readonly Wanted[];
  readonly figures?: Readonly<Record<string, string>>;
  readonly bars?: readonly Bar[];
  /** What was measured, before it was rounded; kept in .headgate/bench.json alone. */
  readonly data?: unknown;
}

/** A report as docs/evidence keeps it: when, where, how and of which commit it was measured. */
export interface Saved extends Omit<Report, "data"> {
  readonly part: string;
  /** The command that measures it again. */
  readonly command: string;
  /** The day, such as "2026-11-30", in UTC. */
  readonly date: string;
  /** What was measured, as Git names it. */
  readonly commit: string;
  readonly machine: string;
  readonly versions: readonly string[];
}
