import type { Requester } from "./upstash-protocol.ts";
import { StoreError } from "./errors.ts";

/**
 * Stands in the place of a store where HEADGATE_MODE is off and no store is named: the gate never
 * calls it, and a lock or an event of a handler fails with what has to be set.
 */
export function noStore(): Requester {
  return {
    request: async () => {
      throw new StoreError(
        "STORE_UNREACHABLE",
        "No store is named. HEADGATE_MODE=off needs none for the gate, but locks, dedup and this call do: set UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN, or REDIS_URL.",
      );
    },
  };
}
