import { runScriptWithRetry } from "#lib/redis/script";
import { type Effect, effectCall, hasEffect } from "./effect.ts";
import { badArgument, checkKey, readWindow, type Window } from "./options.ts";
import type { DedupOptions } from "./parts.ts";
import { COUNT } from "./scripts.ts";
import { newOwner } from "./terms.ts";

export interface CountOptions extends Effect {
  /** How long the same key does not count again; a second at least. */
  readonly window: Window;
  /**
   * The hash tag that the effect's keys carry, `{group}`: on a Redis Cluster all keys of one script
   * must be in one place. The same key in another group is another event.
   * @default none
   */
  readonly group?: string;
}

/**
 * Claims a key and applies an effect in one script: exactly once, or not at all. True where it
 * counted now, false for a duplicate. One round trip.
 *
 * @throws {HeadgateError} DEDUP_BAD_ARGUMENT
 * @throws {StoreError} where nobody knows whether it counted: it may be sent again, and counts once
 */
export type Count = (key: string, options: CountOptions) => Promise<boolean>;

/** Where an answer is lost it is sent again, which must be within the window, or it counts twice. */
const MIN_WINDOW_MS = 1000;

/** Makes `count`. */
export function createCount({ redis, keys, keyedHash, emit }: DedupOptions): Count {
  return async (key, { window: given, group, ...effect }) => {
    checkKey(key);
    const { window, maxAge } = readWindow(given);
    if (window < MIN_WINDOW_MS) {
      throw badArgument(`window has ${window} ms; allowed for count: ${MIN_WINDOW_MS} or more.`);
    }
    if (!hasEffect(effect)) throw badArgument("there is nothing to count: no counter, no stream.");
    const call = effectCall(effect);
    const names = [keys.event(keyedHash("event", key), group), ...call.keys];
    const args = [newOwner(), window, maxAge, ...call.args];
    const isFirst = (await runScriptWithRetry(redis, COUNT, names, args)) === 1;
    emit({ kind: "dedup", state: isFirst ? "first" : "duplicate", isCertain: true });
    return isFirst;
  };
}
