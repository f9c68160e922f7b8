import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { toHex } from "#lib/core/hex";

/**
 * The secret of instances that reach one Redis by REDIS_URL and were given none: the same on all of
 * them, whether they reach it by TCP or through a gateway of their own, and as secret as its password.
 */
export function secretOf(redisUrl: string): string {
  return toHex(sha256(utf8ToBytes(`headgate:${redisUrl}`)));
}
