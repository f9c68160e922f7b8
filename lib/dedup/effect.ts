import type { Duration } from "#lib/core/duration";
import type { ScriptCall } from "#lib/redis/script";
import { badArgument, MAX_KEEP_MS, readDuration, checkWhole } from "./options.ts";

/** What happens in Redis together with a claim or its commit: all of it, or nothing. */
export interface Effect {
  /** Counters that grow; ten at most. */
  readonly counters?: readonly Counter[];
  /** An entry of a stream. */
  readonly stream?: Entry;
}

/** A field of a hash that grows. */
export interface Counter {
  /** The hash's whole name in Redis, as `Keys` makes it. */
  readonly key: string;
  readonly field: string;
  /**
   * A whole number.
   * @default 1
   */
  readonly by?: number;
  /** How long the hash is kept after it last grew; 366 days at most. */
  readonly keep: Duration;
}

/** What is added to a stream. */
export interface Entry {
  /** The stream's whole name in Redis, as `Keys` makes it. */
  readonly key: string;
  readonly fields: Readonly<Record<string, string | number>>;
  /** About how many entries the stream holds: the oldest go first. */
  readonly maxLength: number;
  /** How long the stream is kept after its last entry; 366 days at most. */
  readonly keep: Duration;
}

const MAX_COUNTERS = 10;
const MAX_FIELDS = 100;

/** Whether anything is to happen. */
export function hasEffect({ counters = [], stream }: Effect): boolean {
  return counters.length > 0 || stream !== undefined;
}

/**
 * Returns an effect as the scripts take it: keys after the claim's, and arguments after its own.
 *
 * @throws {HeadgateError} DEDUP_BAD_ARGUMENT
 */
export function effectCall({ counters = [], stream }: Effect): ScriptCall {
  if (counters.length > MAX_COUNTERS) {
    throw badArgument(`effect has ${counters.length} counters; allowed: ${MAX_COUNTERS}.`);
  }
  const keys = counters.map(({ key }) => key);
  const args = [counters.length, ...counters.flatMap(counterArgs)];
  if (!stream) return { keys, args };
  return { keys: [...keys, stream.key], args: [...args, ...entryArgs(stream)] };
}

function counterArgs({ field, by = 1, keep }: Counter): (string | number)[] {
  // Below zero the script would write its undoing with two signs.
  checkWhole(`counter ${JSON.stringify(field)}: by`, by, 0);
  return [field, by, readDuration("keep", keep, MAX_KEEP_MS)];
}

function entryArgs({ fields, maxLength, keep }: Entry): (string | number)[] {
  const pairs = Object.entries(fields);
  if (pairs.length < 1 || pairs.length > MAX_FIELDS) {
    throw badArgument(`stream has ${pairs.length} fields; allowed: 1 to ${MAX_FIELDS}.`);
  }
  checkWhole("stream.maxLength", maxLength, 1);
  return [maxLength, readDuration("keep", keep, MAX_KEEP_MS), ...pairs.flat()];
}
