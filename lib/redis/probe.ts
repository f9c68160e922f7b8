import type { Clock } from "#lib/core/clock";
import { asStoreError, StoreError } from "./errors.ts";
import type { StoreErrorCode } from "./replies.ts";
import type { ScriptStore } from "./script-store.ts";

/** The TTL of the key that a probe writes, in milliseconds. */
const KEY_MS = 60_000;

/**
 * The probe is a script that writes, because counting needs one. A store that is out of memory or read-only
 * would still answer PING.
 */
const PROBE = `redis.call("SET", KEYS[1], "1", "PX", ARGV[1]) return 1`;

/** The result of a probe. */
export interface Probed {
  /** The time from the call to its answer or failure, in milliseconds. */
  readonly roundTripMs: number;
  /** Why the probe failed; absent when the store ran the script. */
  readonly error?: StoreError;
}

/**
 * Runs a script that writes one key, and returns how long it took, and the error if it failed. It never
 * rejects.
 *
 * @param clock a monotonic clock, in milliseconds
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

/** Returns the code of the store's failure; for a call that was not sent, the code of the last failure. */
export function causeOf({ code, cause }: StoreError): StoreErrorCode {
  return code === "STORE_NOT_TRIED" && cause instanceof StoreError ? cause.code : code;
}
