import { toHex } from "#lib/core/hex";
import { sha256 } from "#lib/core/sha256";

/**
 * Returns the secret of instances that share one Redis by REDIS_URL and have no HEADGATE_SECRET. It is the same
 * on all of them, by TCP and through separate gateways, and as secret as the password of the Redis.
 */
export function secretOf(redisUrl: string): string {
  return toHex(sha256(`headgate:${redisUrl}`));
}
