import { HeadgateError } from "#lib/core/errors";
import type { Network } from "#lib/core/networks";
import type { Target } from "./target.ts";

/** A network with fewer bits than these holds millions of clients of many owners. */
const LEAST_BITS = { ipv4: 8, ipv6: 16 } as const;

/**
 * Throws when a change would block or allow a great part of the internet, unless --wide confirms it.
 *
 * @throws {HeadgateError} CLI_USAGE
 */
export function refuseWide({ client }: Target, isWideMeant: boolean): void {
  const network = client?.network;
  if (!network || isWideMeant || !isWide(network)) return;
  const share = 100 / 2 ** network.bits;
  const least = `/${LEAST_BITS.ipv4} of IPv4, or /${LEAST_BITS.ipv6} of IPv6`;
  throw new HeadgateError(
    "CLI_USAGE",
    `Nothing was changed: the network is ${Number(share.toPrecision(2))}% of all addresses, and more than ${least}. Add --wide if you mean it.`,
  );
}

function isWide({ first, bits }: Network): boolean {
  return bits < (first.length === 4 ? LEAST_BITS.ipv4 : LEAST_BITS.ipv6);
}
