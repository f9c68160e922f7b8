import type { KeyedHash } from "./client.ts";

/** Called with what failed, in a few words, and with the error. */
export type OnFailure = (what: string, error: unknown) => void;

/** What each of the handlers' tools that keep something in Redis needs. */
export interface ToolParts {
  /** Stands for a key in Redis, where no name of a person may be. */
  readonly keyedHash: KeyedHash;
  /**
   * HEADGATE_SECRET, or a function that returns it when it is first needed: it keys the encryption of
   * the results that are kept, since they may hold what only their callers may read.
   */
  readonly secret: string | (() => string);
  /** Called when the store fails and no caller gets an error, and when a result cannot be kept or read. */
  readonly onFailure: OnFailure;
}
