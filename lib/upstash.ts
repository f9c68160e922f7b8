/** Limits that are counted through @upstash/ratelimit's class, over @upstash/redis. */
import { UpstashLimits } from "#lib/limit/stores/upstash";
import { redisOver } from "#lib/redis/client";
import type { StoreParts } from "./create.ts";

export { UpstashLimits } from "#lib/limit/stores/upstash";

/**
 * Makes the store that counts a gate's limits through the class of `@upstash/ratelimit`, on the
 * connection of the gate. It is a value for the setting `limitStore` of `createHeadgate`.
 *
 * @example
 * const gate = createHeadgate(policy, () => ({ ...fromEnv(), limitStore: upstashLimits }));
 */
export function upstashLimits(on: StoreParts): UpstashLimits {
  const redis = redisOver(on.requester, on.redis.deadlineMs);
  return new UpstashLimits(redis, { isCluster: on.isCluster });
}
