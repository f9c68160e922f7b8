import { toHex } from "#lib/core/hex";
import { sha256 } from "#lib/core/sha256";

/**
 * The secret of instances that reach one Redis by REDIS_URL and were given none: the same on all of
 * them, whether they reach it by TCP or through a gateway of their own, and as secret as its password.
 */
export function secretOf(redisUrl: string): string {
  return toHex(sha256(`headgate:${redisUrl}`));
}
