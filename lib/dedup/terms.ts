import type { Duration } from "#lib/core/duration";
import { badArgument, readDuration, readWindow, type Window, type WindowMs } from "./options.ts";
import type { DedupOptions } from "./parts.ts";

export interface ClaimOptions {
  /**
   * How long the claim is its owner's before somebody else may take it over. Without, what is claimed
   * is done at once, and there is nothing to commit.
   */
  readonly lease?: Duration;
  /** How long a thing that is done is a duplicate. */
  readonly window: Window;
  /** What the claim is for: the same key with another payload is refused. Kept as a hash. */
  readonly payload?: string;
  /**
   * Who claims, such as a message's id: the same owner's next claim succeeds too, and begins its
   * lease anew. Kept as a hash. Empty text counts as no owner.
   * @default another for each call
   */
  readonly owner?: string;
  /**
   * The hash tag that the claim's key carries, `{group}`: on a Redis Cluster the keys of an effect
   * must be of the same, and many claims of one group are one script. The same key in another group
   * is another.
   * @default none
   */
  readonly group?: string;
  /**
   * What a claim is while the store fails: "open", the first, so that nothing is lost; or "closed",
   * in progress, so that nothing counts twice.
   * @default "open"
   */
  readonly onStoreFailure?: "open" | "closed";
}

/** What a claim is made with: hashes for what the caller named, and milliseconds. */
export interface Terms extends WindowMs {
  readonly owner: string;
  readonly payload: string;
  /** 0 where what is claimed is done at once. */
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
    // Empty text is what is left of an id that is missing: it would make all who have none one owner.
    owner: name ? keyedHash("owner", name) : newOwner(),
    payload: content === undefined ? "" : keyedHash("payload", content),
    lease: lease === undefined ? 0 : readDuration("lease", lease),
    ...readWindow(window),
  };
}

/** Null is nothing; whatever else is no text could be the same as another. */
function textOf(what: string, given: unknown): string | undefined {
  if (given === undefined || given === null) return undefined;
  if (typeof given === "string") return given;
  throw badArgument(`${what} is a ${typeof given}; allowed: text.`);
}

/** 82 random bits, as short as a hash: with them a claim takes 48 bytes of Redis's memory, not 64. */
export function newOwner(): string {
  return crypto.randomUUID().replaceAll("-", "").slice(0, 22);
}
