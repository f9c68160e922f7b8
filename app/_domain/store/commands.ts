import { environment } from "#config/env";
import { reportBreaker } from "#app/_domain/failures";
import { createRedis, type Redis } from "#lib/redis/client";

/** The store as handlers need it: with every command. */
export function commandStore(): Redis {
  return createRedis({ ...environment().store, onBreakerChange: reportBreaker });
}
