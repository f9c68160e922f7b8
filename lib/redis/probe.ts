import type { Clock } from "#lib/core/clock";
import { asStoreError, StoreError } from "./errors.ts";
import type { StoreErrorCode } from "./replies.ts";
import type { ScriptStore } from "./script-store.ts";

/** The key that a probe writes lives so long, in milliseconds. */
const KEY_MS = 60_000;

/**
 * What counting needs: a script that writes. PING would be answered by a store that is out of memory or
 * read-only too.
 */
const PROBE = `redis.call("SET", KEYS[1], "1", "PX", ARGV[1]) return 1`;

/** How a probe ended. */
export interface Probed {
  /** In milliseconds. */
  readonly roundTripMs: number;
  /** Absent where the store ran the script. */
  readonly error?: StoreError;
}

/**
 * Has the store run a script that writes one key, and returns how long that took, or why it failed. It
 * never rejects.
 *
 * @param clock milliseconds that never go back
 */
export async function probeStore(
  redis: Pick<ScriptStore, "eval">,
  key: string,
  clock: Clock,
): Promise<Probed> {
  const sentAt = clock();
  try {
    const reply = await redis.eval(PROBE, [key], [String(KEY_MS)]);
    return { roundTripMs: clock() - sentAt, ...(reply !== 1 && { error: asStoreError(reply) }) };
  } catch (cause) {
    return { roundTripMs: clock() - sentAt, error: asStoreError(cause) };
  }
}

/** Returns why the store fails. That a call was not sent says nothing: its cause is the failure seen last. */
export function causeOf({ code, cause }: StoreError): StoreErrorCode {
  return code === "STORE_NOT_TRIED" && cause instanceof StoreError ? cause.code : code;
}
