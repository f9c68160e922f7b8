import { Redis } from "@upstash/redis";
import { DEFAULT_DEADLINE_MS, type Timed } from "./deadline.ts";
import { lazily } from "#lib/core/lazily";
import { createRequester, type RequesterOptions } from "./requester.ts";
import type { Requester } from "./upstash-protocol.ts";

export type { Redis } from "@upstash/redis";

/**
 * Makes a client with every command, for handlers: @upstash/redis over our requester. Every call has the
 * deadline, is sent once, and fails with a {@link StoreError}. `get` parses JSON, so a stored text that
 * looks like a number is returned as a number. The gate and its limits run scripts only and use
 * `createScriptStore`, which has a quarter of the size.
 *
 * @param options where the store is; `deadlineMs` in milliseconds, 500 by default
 */
export function createRedis(options: RequesterOptions): Redis & Timed {
  return redisOver(createRequester(options), options.deadlineMs);
}

/** Makes the same client over any requester, for stores without REST. */
export function redisOver(requester: Requester, deadlineMs = DEFAULT_DEADLINE_MS): Redis & Timed {
  return Object.assign(new Redis(requester), { deadlineMs });
}

/**
 * Returns a client with every command on the connection of a gate, for the handlers' own data.
 *
 * @example
 * const redis = redisOf(gate);
 */
export function redisOf(gate: {
  /**
   * Sends the calls, on the connection of the gate.
   * @example
   * redisOf({ requester: gate.requester, redis: gate.redis });
   */
  readonly requester: Requester;
  /**
   * The client of the gate, whose deadline the new client has too.
   * @example
   * redisOf({ requester: gate.requester, redis: gate.redis });
   */
  readonly redis: Timed;
}): Redis & Timed {
  return lazily(() => redisOver(gate.requester, gate.redis.deadlineMs));
}
