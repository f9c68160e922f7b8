import type { Duration } from "#lib/core/duration";
import { badArgument, readDuration, readWindow, type Window, type WindowMs } from "./options.ts";
import type { DedupOptions } from "./parts.ts";

export interface ClaimOptions {
  /**
   * How long the claim belongs to its owner before another caller may claim the key. Without a lease the
   * claim is committed at once. A number means seconds.
   * @default no lease
   * @example
   * await dedup.claim("order-7", { window: "1 day", lease: "30 seconds" });
   */
  readonly lease?: Duration;
  /**
   * How long a committed key is a duplicate. A number means seconds.
   * @example
   * await dedup.claim("order-7", { window: "1 day" });
   */
  readonly window: Window;
  /**
   * The content that the claim is for: a claim of the same key with another payload is denied. Kept as
   * a hash.
   * @default claims are not compared
   * @example
   * await dedup.claim("order-7", { window: "1 day", payload: JSON.stringify(job) });
   */
  readonly payload?: string;
  /**
   * The owner of the claim, such as a message's id: the same owner's next claim succeeds too, and
   * renews its lease. Kept as a hash. Empty text counts as no owner.
   * @default a random owner for each call
   * @example
   * await dedup.claim("order-7", { window: "1 day", owner: "message-12" });
   */
  readonly owner?: string;
  /**
   * The hash tag in the name of the claim's key, `{group}`: on a Redis Cluster the keys of an effect
   * must have the same group, and many claims of one group are one script. The same key in another
   * group is another key.
   * @default none
   * @example
   * await dedup.claimMany(["song-7", "song-8"], { window: "1 hour", group: "songs" });
   */
  readonly group?: string;
  /**
   * The result of a claim while the store fails: "open" is the first, so that no event is lost;
   * "closed" is in progress, so that no event counts twice.
   * @default "open"
   * @example
   * await dedup.claim("order-7", { window: "1 day", onStoreFailure: "closed" });
   */
  readonly onStoreFailure?: "open" | "closed";
}

/** The terms of a claim: hashes of the caller's texts, and milliseconds. */
export interface Terms extends WindowMs {
  readonly owner: string;
  readonly payload: string;
  /** In milliseconds; 0 when the claim is committed at once. */
  readonly lease: number;
}

/** @throws {HeadgateError} DEDUP_BAD_ARGUMENT */
export function readTerms(
  { lease, window, payload, owner }: ClaimOptions,
  keyedHash: DedupOptions["keyedHash"],
): Terms {
  const name = textOf("owner", owner);
  const content = textOf("payload", payload);
  return {
    // Empty text usually comes from a missing id: all clients without an id would be one owner.
    owner: name ? keyedHash("owner", name) : newOwner(),
    payload: content === undefined ? "" : keyedHash("payload", content),
    lease: lease === undefined ? 0 : readDuration("lease", lease),
    ...readWindow(window),
  };
}

/**
 * Returns the text, or undefined for null. Other types are rejected, because two values could have the
 * same text.
 */
function textOf(what: string, given: unknown): string | undefined {
  if (given === undefined || given === null) return undefined;
  if (typeof given === "string") return given;
  throw badArgument(`${what} must be text; it is a ${typeof given}.`);
}

/**
 * Returns 82 random bits in hex, as many characters as a hash has: with them a claim uses 48 bytes of
 * Redis's memory instead of 64.
 */
export function newOwner(): string {
  return crypto.randomUUID().replaceAll("-", "").slice(0, 22);
}
