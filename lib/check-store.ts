import type { GateMode } from "#lib/core/mode";
import { asStoreError, type StoreError } from "#lib/redis/errors";
import type { StoreErrorCode } from "#lib/redis/replies";
import type { ScriptStore } from "#lib/redis/script-store";

/** What the start of an app knows of its store. */
export interface StoreToCheck {
  readonly redis: Pick<ScriptStore, "eval">;
  /** What a person calls it, such as "the store at store.example". */
  readonly name: string;
  readonly mode: GateMode;
}

/**
 * Asks a store once for what Headgate needs of it: to run a script. A token may be good for reading
 * alone, so PING would not tell.
 *
 * @returns the failure; undefined where the store runs scripts. It takes no longer than the client's
 *   deadline, and never throws
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
 * Returns the line that tells the person who starts an app that its store fails, and what becomes of
 * requests meanwhile; undefined where the store runs scripts. The line holds neither the token nor
 * text of the store's. Never throws, and takes no longer than the client's deadline.
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
  return `${name} ${WORDS[code]} (${codes}): until it can be used, ${MEANWHILE[mode]}. docs/failure-modes.md`;
}

const WORDS: Readonly<Record<StoreErrorCode, string>> = {
  STORE_TIMEOUT: "did not answer in time",
  STORE_UNREACHABLE: "cannot be reached, or its Redis does not serve",
  STORE_UNAUTHORIZED: "refuses the token",
  STORE_OVER_QUOTA: "has used up its own quota",
  STORE_SUSPENDED: "was suspended by its provider",
  STORE_OUT_OF_MEMORY: "has no memory left and refuses to write",
  STORE_READ_ONLY: "refuses to write",
  STORE_NOT_PERMITTED: "does not permit to run scripts",
  STORE_WRONG_ADDRESS: "is not found at its address, which must be exact and without a path",
  STORE_REJECTED: "refuses to run a script",
  STORE_BAD_ANSWER: "does not answer as an Upstash REST API does",
  STORE_NOT_TRIED: "failed again and again",
};

/** Of each mode, what happens to requests that the store cannot count. */
const MEANWHILE: Readonly<Record<GateMode, string>> = {
  enforce: "each rule does as its onStoreFailure says, and by default its requests pass uncounted",
  shadow: "all requests pass uncounted",
  off: "locks and dedup of handlers fail",
};
