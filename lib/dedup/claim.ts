import type { Duration } from "#lib/core/duration";
import type { Effect } from "./effect.ts";
import type { ClaimOptions, Terms } from "./terms.ts";

/**
 * Identifies a claim, so that it can be committed or released: plain data that can be passed to another
 * process.
 */
export interface ClaimToken extends Terms {
  /** The claim's key in Redis. */
  readonly name: string;
}

/** The result of a claim. */
export type Claim =
  | {
      readonly state: "first";
      readonly token: ClaimToken;
      /** False when the store failed, and `onStoreFailure` decided. */
      readonly isCertain: boolean;
    }
  | {
      readonly state: "duplicate";
      /** The result that was kept with the commit; undefined when none was kept. */
      readonly result: unknown;
    }
  | {
      readonly state: "in-progress";
      /** Milliseconds until the claim's lease ends, unless its owner renews it. */
      readonly retryAfterMs: number;
      /** False when the store failed, and `onStoreFailure` decided. */
      readonly isCertain: boolean;
    }
  /** The key was claimed with another payload. */
  | { readonly state: "other-payload" };

/** The functions that make, commit, renew and release claims. */
export interface Claims {
  /**
   * Claims a key: once on all instances within its window. One round trip.
   *
   * @throws {HeadgateError} DEDUP_BAD_ARGUMENT
   */
  claim: (key: string, options: ClaimOptions) => Promise<Claim>;
  /**
   * Claims up to 1,000 keys in one round trip, and returns the results in the order of the keys. A key
   * that is given twice is "first" once.
   *
   * @throws {HeadgateError} DEDUP_BAD_ARGUMENT
   */
  claimMany: (keys: readonly string[], options: ClaimOptions) => Promise<Claim[]>;
  /**
   * Commits a claim: the claimed work is done. A result is kept, encrypted, for duplicates. Returns
   * true also when the claim is committed already, and when its lease ended and no other caller has
   * claimed the key. Returns false when another caller has claimed it: that caller does the work too,
   * and nothing was kept or applied. One round trip.
   *
   * @param result a value that JSON can represent, of at most 737,280 bytes of JSON in UTF-8 (720 KiB)
   * @param effect happens with the commit, or not at all; its keys are of the claim's group
   * @throws {HeadgateError} DEDUP_BAD_ARGUMENT
   * @throws {StoreError} when it is unknown whether the claim is committed; the call may be repeated
   */
  commit: (token: ClaimToken, result?: unknown, effect?: Effect) => Promise<boolean>;
  /**
   * Renews a claim's lease. Returns true while the claim belongs to this token, also when it is
   * committed; false when its lease ended or another caller has claimed the key. One round trip.
   *
   * @param lease how long the claim is held from now on; the claim's own lease by default
   * @throws {HeadgateError} DEDUP_BAD_ARGUMENT, also for a claim without a lease
   * @throws {StoreError} when the store fails or rejects the call
   * @example
   * while (await nextPage()) {
   *   if (!(await dedup.extend(claim.token))) break; // another process has the claim
   * }
   */
  extend: (token: ClaimToken, lease?: Duration) => Promise<boolean>;
  /**
   * Releases a claim, so that the next caller is the first again. Returns false when the claim does not
   * belong to this token, is committed, or the store fails: then it ends with its lease.
   */
  release: (token: ClaimToken) => Promise<boolean>;
}
