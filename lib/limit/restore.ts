import type { ScriptStore } from "#lib/redis/script-store";
import { defineScript, runScripts } from "#lib/redis/script";
import { argsOf } from "./charge.ts";
import type { LocalCount } from "./local.ts";
import { REDIS_CLOCK, restoreLua } from "./lua.ts";

const RESTORE_SCRIPT = defineScript(restoreLua(REDIS_CLOCK));

/** Keys in one call: a script of a few microseconds each. */
const KEYS_A_CALL = 100;

/**
 * Adds in the store what was counted without it, at the times at which it was taken: once, and as
 * well as can be. What a call loses on its way is lost.
 *
 * @throws {StoreError} when the store fails; the rest is then not sent
 */
export async function restore(redis: ScriptStore, counts: readonly LocalCount[]): Promise<void> {
  for (let i = 0; i < counts.length; i += KEYS_A_CALL) {
    const calls = counts.slice(i, i + KEYS_A_CALL).map(({ charge, taken }) => ({
      keys: [charge.key],
      args: [
        "restore",
        ...argsOf([{ ...charge, cost: 0 }]),
        ...taken.flatMap(({ ageMs, units }) => (units > 0 ? [ageMs, units] : [])),
      ],
    }));
    await runScripts(redis, RESTORE_SCRIPT, calls);
  }
}
