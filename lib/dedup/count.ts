import { runScriptWithRetry } from "#lib/redis/script";
import { type Effect, effectCall, hasEffect } from "./effect.ts";
import { badArgument, checkKey, readWindow, type Window } from "./options.ts";
import type { DedupOptions } from "./parts.ts";
import { COUNT } from "./scripts.ts";
import { newOwner } from "./terms.ts";

export interface CountOptions extends Effect {
  /**
   * How long the same key does not count again; one second or more. A number means seconds.
   * @example
   * await dedup.count("view-7", { window: "1 hour", counters: [counter] });
   */
  readonly window: Window;
  /**
   * The hash tag in the names of the effect's keys, `{group}`: on a Redis Cluster all keys of one
   * script must be in one slot. The same key in another group is another event.
   * @default none
   * @example
   * await dedup.count("view-7", { window: "1 hour", group: "songs", counters: [counter] });
   */
  readonly group?: string;
}

/**
 * Claims a key and applies an effect in one script: exactly once, or not at all. Returns true when it
 * counted now, false for a duplicate. One round trip.
 *
 * @throws {HeadgateError} DEDUP_BAD_ARGUMENT
 * @throws {StoreError} when it is unknown whether it counted: the call may be repeated, and counts once
 */
export type Count = (key: string, options: CountOptions) => Promise<boolean>;

/** A call whose answer is lost is sent again. That must happen within the window, or it counts twice. */
const MIN_WINDOW_MS = 1000;

export function createCount({ redis, keys, keyedHash, emit }: DedupOptions): Count {
  return async (key, { window: given, group, ...effect }) => {
    checkKey(key);
    const { window, maxAge } = readWindow(given);
    if (window < MIN_WINDOW_MS) {
      throw badArgument(
        `window must be ${MIN_WINDOW_MS} ms or more for count; it is ${window} ms.`,
      );
    }
    if (!hasEffect(effect)) throw badArgument("count needs an effect: a counter or a stream.");
    const call = effectCall(effect);
    const names = [keys.event(keyedHash("event", key), group), ...call.keys];
    const args = [newOwner(), window, maxAge, ...call.args];
    const isFirst = (await runScriptWithRetry(redis, COUNT, names, args)) === 1;
    emit({ kind: "dedup", state: isFirst ? "first" : "duplicate", isCertain: true });
    return isFirst;
  };
}
