import { namedRest, type NamedRest, redisIn } from "#lib/core/named-store";
import type { Variables } from "#lib/core/settings";
import type { RedisAddress } from "#lib/core/store-address";

/** The store that the environment names. */
export type NamedStore = NamedRest | { readonly by: "tcp"; readonly address: RedisAddress };

/**
 * Reads which store the environment names, for a program on Node: a REST store, as the gate reads it,
 * otherwise a Redis by REDIS_URL.
 *
 * @returns undefined when no store is named
 * @throws {SettingsError} ENV_INVALID, which names each variable at fault and never its value
 * @example
 * const isNamed = namedStore(process.env) !== undefined;
 */
export function namedStore(env: Variables): NamedStore | undefined {
  const rest = namedRest(env);
  if (rest) return rest;
  const address = namedRedis(env);
  return address && { by: "tcp", address };
}

/**
 * Reads REDIS_URL.
 *
 * @returns undefined when the variable is not set
 * @throws {SettingsError} ENV_INVALID when it cannot be used, or names a database of a Redis Cluster
 * @example
 * namedRedis({ REDIS_URL: "redis://127.0.0.1" })?.port; // 6379
 */
export function namedRedis(env: Variables): RedisAddress | undefined {
  return redisIn(env, "REDIS_URL");
}
