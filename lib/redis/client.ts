import { Redis } from "@upstash/redis";
import { createRequester, type RequesterOptions } from "./requester.ts";

export type { Redis } from "@upstash/redis";

/**
 * The one maker of Redis clients: @upstash/redis over our requester, so that every call has the
 * deadline, is sent once, and fails with a {@link StoreError}. `get` reads JSON back as a value;
 * a stored text that looks like a number comes back as a number.
 *
 * @param options where the store is; `deadlineMs` in milliseconds, 500 by default
 */
export function createRedis(options: RequesterOptions): Redis {
  return new Redis(createRequester(options));
}
