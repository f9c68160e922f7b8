import type { ErrorCode } from "#lib/core/errors";

/** The words about one code, in Markdown of docs/reference. */
export interface ErrorWords {
  /** When the error is thrown or reported. */
  readonly when: string;
  /** What to do about it. */
  readonly todo: string;
}

/** A code that the bin prints before any of our TypeScript runs. */
type BinCode = "NODE_UNSUPPORTED";

/** The words about several codes. */
export type Group = Partial<Readonly<Record<ErrorCode | BinCode, ErrorWords>>>;

/** What to do about an error whose message says everything. */
export const SAYS_WHICH = "The message names what is wrong and what is allowed.";
