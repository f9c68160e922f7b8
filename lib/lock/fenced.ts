import type { Duration } from "#lib/core/duration";
import { defineScript, runScriptWithRetry, runScript, type Script } from "#lib/redis/script";
import type { Lock } from "./held.ts";
import { badArgument, readDuration } from "./options.ts";
import type { LocksOptions } from "./parts.ts";
import { fencedLua } from "./scripts.ts";

/** A script that runs with a fence; made once, by {@link fencedScript}. */
export interface FencedScript {
  readonly script: Script;
}

/** What a fenced script came to: its own answer, or nothing, as somebody with a later fence was there. */
export type FencedRun =
  | { readonly ran: true; readonly reply: unknown }
  | { readonly ran: false; readonly reason: "fence-is-old" };

export interface Fenced {
  /**
   * Sets a key in Redis, unless the holder of a later lock has set it: false then, and it is as it
   * was. `key` is its whole name, as `Keys` makes it. One round trip.
   *
   * @throws {HeadgateError} LOCK_BAD_ARGUMENT
   * @throws {StoreError} where nobody knows; it may be sent again
   */
  fencedSet: (
    lock: Pick<Lock, "fence">,
    key: string,
    value: string,
    keep: Duration,
  ) => Promise<boolean>;
  /**
   * Runs a script over keys in Redis, unless the holder of a later lock has worked on the first of
   * them: whoever shares a first key shares a guard. It is sent once, since nobody knows whether it
   * may be repeated. One round trip.
   *
   * @throws {HeadgateError} LOCK_BAD_ARGUMENT
   * @throws {StoreError} where nobody knows, or the script fails
   */
  fencedRun: (
    lock: Pick<Lock, "fence">,
    script: FencedScript,
    keys: readonly [string, ...string[]],
    args?: readonly (string | number)[],
  ) => Promise<FencedRun>;
}

/**
 * Makes a script that runs with a fence, of Lua for Redis: its KEYS and ARGV are the caller's, and
 * what it returns is the reply.
 */
export function fencedScript(lua: string): FencedScript {
  return { script: defineScript(fencedLua(lua)) };
}

const SET = fencedScript(`return redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])`);

/** Makes what writes with a fence. */
export function createFenced({ redis, keys }: Pick<LocksOptions, "redis" | "keys">): Fenced {
  async function run(
    send: typeof runScript,
    { fence }: Pick<Lock, "fence">,
    { script }: FencedScript,
    names: readonly [string, ...string[]],
    args: readonly (string | number)[],
  ): Promise<FencedRun> {
    if (!Number.isSafeInteger(fence) || fence < 1) {
      throw badArgument(`fence is ${fence}; allowed: a lock's own.`);
    }
    const all = [keys.fenceOf(names[0]), ...names];
    const [code, reply] = (await send(redis, script, all, [fence, ...args])) as unknown[];
    return code === 1 ? { ran: true, reply } : { ran: false, reason: "fence-is-old" };
  }

  return {
    fencedRun: (lock, script, names, args = []) => run(runScript, lock, script, names, args),
    async fencedSet(lock, key, value, keep) {
      return (await run(runScriptWithRetry, lock, SET, [key], [value, readDuration("keep", keep)]))
        .ran;
    },
  };
}
