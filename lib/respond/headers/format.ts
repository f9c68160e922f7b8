import type { LimitStatus } from "#lib/core/decision";

/** One format of headers with the state of limits. */
export interface HeaderFormat<
  Name extends string = string,
  Setting extends boolean | string = boolean | string,
> {
  /** The name of the format, which is also that of its file. */
  readonly name: Name;
  /** The names of its headers. A page of another origin may read them when its origin is allowed. */
  readonly headers: readonly string[];
  /** The values of the setting `legacyHeaders` for which the format is written. */
  readonly writtenFor: readonly Setting[];
  /**
   * Writes the headers.
   *
   * @param limits every limit that the response may name, at least one
   * @param shown the limits whose remaining capacity is written: all of them, or on a denial those without
   * capacity; empty when no such limit may be named
   */
  write(headers: Headers, limits: readonly LimitStatus[], shown: readonly LimitStatus[]): void;
}
