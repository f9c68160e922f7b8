import type { Requester } from "./upstash-protocol.ts";
import { StoreError } from "./errors.ts";

/**
 * Makes the requester for an environment without a store. The gate never calls it: it counts in this process
 * in development, applies `onStoreFailure` in production, and does not count with HEADGATE_MODE=off. A lock
 * or a claim of a handler fails with an error that names the variables to set.
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
