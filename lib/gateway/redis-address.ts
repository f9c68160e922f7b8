import { HeadgateError } from "#lib/core/errors";

/**
 * Reads redis://[user:password@]host[:port][/db], or rediss:// for TLS.
 *
 * @throws {HeadgateError} GATEWAY_INVALID when it cannot be read; the message does not repeat it
 */
export function readAddress(redisUrl: string): URL {
  const url = URL.parse(redisUrl);
  if (url && /^rediss?:$/.test(url.protocol) && isDecodable(url)) return url;
  throw new HeadgateError(
    "GATEWAY_INVALID",
    "The address of Redis cannot be read; allowed: redis://[user:password@]host[:port][/db], or rediss:// for TLS.",
  );
}

function isDecodable({ username, password }: URL): boolean {
  try {
    return decodeURIComponent(username + password) !== undefined;
  } catch {
    return false;
  }
}
