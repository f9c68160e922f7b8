import type { Duration } from "#lib/core/duration";
import type { ScriptCall } from "#lib/redis/script";
import { badArgument, MAX_KEEP_MS, readDuration, checkWhole } from "./options.ts";

/** Changes in Redis that happen with a claim or its commit: all of them, or none. */
export interface Effect {
  /**
   * The counters that grow; ten at most.
   * @default no counter grows
   * @example
   * const counters = [{ key: keyNames("shop").counters("sold"), field: "songs", keep: "90 days" }];
   * await dedup.count("order-7", { window: "1 day", counters });
   */
  readonly counters?: readonly Counter[];
  /**
   * The entry that is added to a stream.
   * @default no entry is added
   * @example
   * const key = keyNames("shop").app("sold", "songs");
   * const stream = { key, fields: { song: 7 }, maxLength: 1000, keep: "1 day" };
   * await dedup.count("order-7", { window: "1 day", stream });
   */
  readonly stream?: Entry;
}

/** A field of a hash that grows by a number. */
export interface Counter {
  /**
   * The hash's whole name in Redis, as `Keys` makes it.
   * @example
   * const counters = [{ key: keyNames("shop").counters("sold"), field: "songs", keep: "90 days" }];
   * await dedup.count("order-7", { window: "1 day", counters });
   */
  readonly key: string;
  /**
   * The field of the hash that grows.
   * @example
   * const counters = [{ key: keyNames("shop").counters("sold"), field: "songs", keep: "90 days" }];
   * await dedup.count("order-7", { window: "1 day", counters });
   */
  readonly field: string;
  /**
   * The number to add, a whole number of 0 or more.
   * @default 1
   * @example
   * const counters = [{ key: keyNames("shop").counters("sold"), field: "songs", by: 3, keep: "90 days" }];
   * await dedup.count("order-7", { window: "1 day", counters });
   */
  readonly by?: number;
  /**
   * How long the hash is kept after it last grew; 366 days at most. A number means seconds.
   * @example
   * const counters = [{ key: keyNames("shop").counters("sold"), field: "songs", keep: "90 days" }];
   * await dedup.count("order-7", { window: "1 day", counters });
   */
  readonly keep: Duration;
}

/** An entry that is added to a stream. */
export interface Entry {
  /**
   * The stream's whole name in Redis, as `Keys` makes it.
   * @example
   * const key = keyNames("shop").app("sold", "songs");
   * const stream = { key, fields: { song: 7 }, maxLength: 1000, keep: "1 day" };
   * await dedup.count("order-7", { window: "1 day", stream });
   */
  readonly key: string;
  /**
   * The names and values of the entry: 1 to 100 fields.
   * @example
   * const stream = { key, fields: { song: 7, by: "ada" }, maxLength: 1000, keep: "1 day" };
   * await dedup.count("order-7", { window: "1 day", stream });
   */
  readonly fields: Readonly<Record<string, string | number>>;
  /**
   * About how many entries the stream holds: the oldest are removed first.
   * @example
   * const stream = { key, fields: { song: 7 }, maxLength: 1000, keep: "1 day" };
   * await dedup.count("order-7", { window: "1 day", stream });
   */
  readonly maxLength: number;
  /**
   * How long the stream is kept after its last entry; 366 days at most. A number means seconds.
   * @example
   * const stream = { key, fields: { song: 7 }, maxLength: 1000, keep: "1 day" };
   * await dedup.count("order-7", { window: "1 day", stream });
   */
  readonly keep: Duration;
}

const MAX_COUNTERS = 10;
const MAX_FIELDS = 100;

/** Returns true when the effect changes anything. */
export function hasEffect({ counters = [], stream }: Effect): boolean {
  return counters.length > 0 || stream !== undefined;
}

/**
 * Returns an effect as the scripts expect it: keys that follow the claim's key, and arguments that
 * follow the claim's arguments.
 *
 * @throws {HeadgateError} DEDUP_BAD_ARGUMENT
 */
export function effectCall({ counters = [], stream }: Effect): ScriptCall {
  if (counters.length > MAX_COUNTERS) {
    throw badArgument(
      `an effect may have at most ${MAX_COUNTERS} counters; it has ${counters.length}.`,
    );
  }
  const keys = counters.map(({ key }) => key);
  const args = [counters.length, ...counters.flatMap(counterArgs)];
  if (!stream) return { keys, args };
  return { keys: [...keys, stream.key], args: [...args, ...entryArgs(stream)] };
}

function counterArgs({ field, by = 1, keep }: Counter): (string | number)[] {
  // The script undoes an increment by a minus sign before it, so a negative increment would get two.
  checkWhole(`counter ${JSON.stringify(field)}: by`, by, 0);
  return [field, by, readDuration("keep", keep, MAX_KEEP_MS)];
}

function entryArgs({ fields, maxLength, keep }: Entry): (string | number)[] {
  const pairs = Object.entries(fields);
  if (pairs.length < 1 || pairs.length > MAX_FIELDS) {
    throw badArgument(`stream must have 1 to ${MAX_FIELDS} fields; it has ${pairs.length}.`);
  }
  checkWhole("stream.maxLength", maxLength, 1);
  return [maxLength, readDuration("keep", keep, MAX_KEEP_MS), ...pairs.flat()];
}
