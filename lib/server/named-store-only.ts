import { HeadgateError } from "#lib/core/errors";
import type { Variables } from "#lib/core/settings";
import { namedStore } from "./named-store.ts";
import { type ChosenStore, chooseStore } from "./store.ts";

/**
 * Chooses the store that the environment names. A deployed server starts no store itself: such a store would
 * forget everything on exit, and other instances would not share it.
 *
 * @throws {HeadgateError} ENV_INVALID when no variable names a store; otherwise as `chooseStore` does
 * @example
 * const store = await chooseNamedStore(process.env, console.log);
 */
export async function chooseNamedStore(
  env: Variables,
  say: (line: string) => void,
): Promise<ChosenStore> {
  const { HEADGATE_STORE, HEADGATE_MODE } = env;
  if (namedStore(env) || HEADGATE_STORE || HEADGATE_MODE === "off") return chooseStore(env, say);
  throw new HeadgateError(
    "ENV_INVALID",
    "No store is named: set UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN, or REDIS_URL, or, for one that forgets everything on exit, HEADGATE_STORE=embedded.",
  );
}
