import type { Duration } from "#lib/core/duration";
import { defineScript, runScriptWithRetry, runScript, type Script } from "#lib/redis/script";
import type { Lock } from "./held.ts";
import { badArgument, readDuration } from "./options.ts";
import type { LocksOptions } from "./parts.ts";
import { fencedLua } from "./scripts.ts";

/** A script that runs with a fencing token. Make it once, by {@link fencedScript}. */
export interface FencedScript {
  /**
   * The script, with the comparison of fencing tokens around it.
   * @example
   * await locks.fencedRun(lock, { script: defineScript(lua) }, [key]);
   */
  readonly script: Script;
}

/** The result of a fenced script: its reply, or nothing when a later lock holder has written before. */
export type FencedRun =
  | { readonly ran: true; readonly reply: unknown }
  | { readonly ran: false; readonly reason: "fence-is-old" };

export interface Fenced {
  /**
   * Sets a key in Redis. Returns false, and changes nothing, when the holder of a later lock has set
   * the key. `key` is the whole name in Redis, as `Keys` makes it. One round trip.
   *
   * @throws {HeadgateError} LOCK_BAD_ARGUMENT
   * @throws {StoreError} when the result is unknown; the call may be repeated
   */
  fencedSet: (
    lock: Pick<Lock, "fence">,
    key: string,
    value: string,
    keep: Duration,
  ) => Promise<boolean>;
  /**
   * Runs a script over keys in Redis, unless the holder of a later lock has run one. The first key
   * selects the fencing token to compare: all scripts with the same first key are guarded together. The
   * script is sent once, because it may not be safe to repeat. One round trip.
   *
   * @throws {HeadgateError} LOCK_BAD_ARGUMENT
   * @throws {StoreError} when the result is unknown, or the script fails
   */
  fencedRun: (
    lock: Pick<Lock, "fence">,
    script: FencedScript,
    keys: readonly [string, ...string[]],
    args?: readonly (string | number)[],
  ) => Promise<FencedRun>;
}

/**
 * Makes a script that runs with a fencing token, of Lua for Redis. Its KEYS and ARGV are those of the
 * call, and its return value is the reply.
 */
export function fencedScript(lua: string): FencedScript {
  return { script: defineScript(fencedLua(lua)) };
}

const SET = fencedScript(`return redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])`);

/** Makes the functions that write with a fencing token. */
export function createFenced({ redis, keys }: Pick<LocksOptions, "redis" | "keys">): Fenced {
  async function run(
    send: typeof runScript,
    { fence }: Pick<Lock, "fence">,
    { script }: FencedScript,
    names: readonly [string, ...string[]],
    args: readonly (string | number)[],
  ): Promise<FencedRun> {
    if (!Number.isSafeInteger(fence) || fence < 1) {
      throw badArgument(
        `fence must be the fence of a lock, a whole number above 0; it is ${fence}.`,
      );
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
