import type { RedisOptions } from "ioredis";
import { HeadgateError } from "#lib/core/errors";
import { readRedisAddress, REDIS_ADDRESS, type RedisAddress } from "#lib/core/store-address";

/**
 * Reads the address of a Redis.
 *
 * @throws {HeadgateError} GATEWAY_INVALID when it cannot be used; the message does not repeat it
 * @example readAddress("rediss://app:password@redis.internal/3").db // 3
 */
export function readAddress(redisUrl: string): RedisAddress {
  const address = readRedisAddress(redisUrl);
  if (address) return address;
  const message = `The address of Redis cannot be read: it must be ${REDIS_ADDRESS}.`;
  throw new HeadgateError("GATEWAY_INVALID", message);
}

/**
 * Returns ioredis's options for an address. ioredis never gets the address itself, because it would read
 * options from a query and a database from any path.
 */
export function addressOptions(address: RedisAddress, redisOptions: RedisOptions = {}) {
  const { host, port, username, password, tls } = address;
  return {
    host,
    port,
    ...(username !== undefined && { username, password: password ?? "" }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: { ...redisOptions.tls } }),
  };
}
