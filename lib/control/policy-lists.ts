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
  ipv6Prefix = DEFAULT_IPV6_PREFIX,
): ClientLists | undefined {
  if (listings.length === 0) return undefined;
  const made = listings.map(({ list, place, whom }): Listing => {
    const entry = { list, id: entryId(list, place), until: Infinity };
    if ("first" in whom) return { ...entry, whom: countedNetwork(whom, ipv6Prefix) };
    const { identity, value } = whom;
    return { ...entry, whom: { identity, key: written(identity, value) } };
  });
  return new ClientLists(made, [written]);
}

/** Returns the name that an entry of the policy has in decisions, events and the log. */
export function entryId(list: CompiledListing["list"], place: number): string {
  return `policy ${list} ${place}`;
}

/** The policy names its clients in the clear, so no value has to be hashed to be compared. */
function written(identity: string, value: string): string {
  return `${identity}:${value}`;
}

/**
 * Returns the network that an entry holds for: one of IPv6 that is smaller than what names a client holds for
 * the whole client.
 */
export function countedNetwork({ first, bits }: Network, ipv6Prefix: number): Network {
  return first.length === 4 ? { first, bits } : { first, bits: Math.min(bits, ipv6Prefix) };
}
