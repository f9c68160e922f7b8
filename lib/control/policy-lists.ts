import type { KeyedHash } from "#lib/core/client";
import { DEFAULT_IPV6_PREFIX } from "#lib/core/canonical-address";
import type { Network } from "#lib/core/networks";
import type { CompiledListing } from "#lib/policy/types";
import { ClientLists, type Listing } from "./lists.ts";

/**
 * Returns the clients that a policy allows or blocks; undefined where it names none.
 *
 * @param ipv6Prefix the bits of an IPv6 address that name a client
 */
export function policyLists(
  listings: readonly CompiledListing[],
  keyedHash: KeyedHash,
  ipv6Prefix?: number,
): ClientLists | undefined {
  if (listings.length === 0) return undefined;
  const made = listings.map(({ list, place, whom }): Listing => {
    const id = `policy ${list} ${place}`;
    if ("first" in whom)
      return { list, id, until: Infinity, whom: countedNetwork(whom, ipv6Prefix) };
    const { identity, value } = whom;
    return { list, id, until: Infinity, whom: { identity, key: keyedHash(identity, value) } };
  });
  return new ClientLists(made, [keyedHash]);
}

/**
 * Returns the network that an entry holds for: one of IPv6 that is smaller than what names a client holds for
 * the whole client.
 */
export function countedNetwork(
  { first, bits }: Network,
  ipv6Prefix = DEFAULT_IPV6_PREFIX,
): Network {
  return first.length === 4 ? { first, bits } : { first, bits: Math.min(bits, ipv6Prefix) };
}
