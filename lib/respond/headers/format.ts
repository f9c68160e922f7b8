import type { LimitStatus } from "#lib/core/decision";

/** One format of headers that tell how limits stand. */
export interface HeaderFormat<
  Name extends string = string,
  Setting extends boolean | string = boolean | string,
> {
  /** As its file is named. */
  readonly name: Name;
  /** The names of its headers. A page of another origin may read them where its origin is allowed. */
  readonly headers: readonly string[];
  /** The values of the setting `legacyHeaders` for which it is written. */
  readonly writtenFor: readonly Setting[];
  /**
   * Writes the headers.
   *
   * @param limits every limit that the answer tells, at least one
   * @param shown those of which it says what is left: all of them, or on a denial those without capacity;
   * empty where none of these may be told
   */
  write(headers: Headers, limits: readonly LimitStatus[], shown: readonly LimitStatus[]): void;
}
