import type { Requester } from "./upstash-protocol.ts";
import { StoreError } from "./errors.ts";

/**
 * Stands in the place of a store where none is named. The gate never calls it: it counts in this process
 * in development, goes by `onStoreFailure` in production, and asks nothing with HEADGATE_MODE=off. A lock
 * or an event of a handler fails with what has to be set.
 */
export function noStore(): Requester {
  return {
    request: async () => {
      throw new StoreError(
        "STORE_UNREACHABLE",
        "No store is named, and this call needs one: set UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN, or REDIS_URL.",
      );
    },
  };
}
