import type { GateMode } from "#lib/core/mode";
import { asStoreError, type StoreError } from "#lib/redis/errors";
import type { StoreErrorCode } from "#lib/redis/replies";
import type { ScriptStore } from "#lib/redis/script-store";

/** The store that an app checks at its start. */
export interface StoreToCheck {
  /**
   * The client that runs the script.
   * @example
   * await storeWarning({ redis: gate.redis, name: "the store", mode: "enforce" });
   */
  readonly redis: Pick<ScriptStore, "eval">;
  /**
   * Its name in the warning, such as "the store at store.example".
   * @example
   * await storeWarning({ redis: gate.redis, name: "the store at store.example", mode: "enforce" });
   */
  readonly name: string;
  /**
   * Whether decisions are enforced, only reported ("shadow"), or not made ("off").
   * @example
   * await storeWarning({ redis: gate.redis, name: "the store", mode: "shadow" });
   */
  readonly mode: GateMode;
}

/**
 * Checks once that a store runs a script, which is what Headgate needs. A token may permit reads only,
 * and a PING would not show that.
 *
 * @returns the failure; undefined when the store runs scripts. Never throws, and takes no longer than the
 *   client's deadline
 * @example const failure = await checkStore(createScriptStore({ url, token }));
 */
export async function checkStore(redis: StoreToCheck["redis"]): Promise<StoreError | undefined> {
  try {
    await redis.eval("return 1", [], []);
    return undefined;
  } catch (error) {
    return asStoreError(error);
  }
}

/**
 * Returns a warning for the person who starts an app whose store fails, with what happens to requests
 * meanwhile; undefined when the store runs scripts. The warning holds neither the token nor text from the
 * store. Never throws, and takes no longer than the client's deadline.
 *
 * @example
 * const warning = await storeWarning({ redis: gate.redis, name: "the store", mode: "enforce" });
 * if (warning) console.warn(warning);
 */
export async function storeWarning({
  redis,
  name,
  mode,
}: StoreToCheck): Promise<string | undefined> {
  const failure = await checkStore(redis);
  if (!failure) return undefined;
  const { code, reply } = failure;
  const codes = reply === undefined ? code : `${code}, ${reply}`;
  return `${name} ${WORDS[code]} (${codes}): until it can be used, ${MEANWHILE[mode]}. headgate/docs/concepts/store-failure.md`;
}

const WORDS: Readonly<Record<StoreErrorCode, string>> = {
  STORE_TIMEOUT: "did not answer in time",
  STORE_UNREACHABLE: "cannot be reached, or its Redis does not serve",
  STORE_UNAUTHORIZED: "rejects the token",
  STORE_OVER_QUOTA: "has used up its own quota",
  STORE_SUSPENDED: "was suspended by its provider",
  STORE_OUT_OF_MEMORY: "has no memory left and rejects writes",
  STORE_READ_ONLY: "rejects writes",
  STORE_NOT_PERMITTED: "does not permit scripts",
  STORE_WRONG_ADDRESS: "is not found at its address, which must be exact and without a path",
  STORE_REJECTED: "rejects a script",
  STORE_BAD_ANSWER: "does not answer as an Upstash REST API does",
  STORE_NOT_TRIED: "failed repeatedly",
};

/** What happens in each mode to requests that the store cannot count. */
const MEANWHILE: Readonly<Record<GateMode, string>> = {
  enforce: "each rule's onStoreFailure decides, and by default requests are allowed uncounted",
  shadow: "all requests are allowed uncounted",
  off: "locks and dedup of handlers fail",
};
