import { sha1 } from "@noble/hashes/legacy.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Redis } from "@upstash/redis";
import { StoreError } from "./errors.ts";

/** A Lua script and the name that Redis knows it by. */
export interface Script {
  readonly lua: string;
  /** SHA-1 of the text, in hex: Redis's own name for it, no secret. */
  readonly sha: string;
}

/** Makes a script from its text; once, at start. */
export function defineScript(lua: string): Script {
  return { lua, sha: bytesToHex(sha1(utf8ToBytes(lua))) };
}

/**
 * Runs a script by its SHA, and by its text once where Redis has not seen it. Nothing ran when
 * Redis says NOSCRIPT, so the second call never counts twice.
 *
 * @throws {StoreError} when the store fails or refuses
 */
export async function runScript(
  redis: Redis,
  script: Script,
  keys: string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  const values = args.map(String);
  try {
    return await redis.evalsha(script.sha, keys, values);
  } catch (error) {
    if (!(error instanceof StoreError) || error.reply !== "NOSCRIPT") throw error;
    return await redis.eval(script.lua, keys, values);
  }
}
