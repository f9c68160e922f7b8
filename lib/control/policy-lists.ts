import type { KeyedHash } from "#lib/core/client";
import { DEFAULT_IPV6_PREFIX } from "#lib/core/canonical-address";
import type { Network } from "#lib/core/networks";
import type { CompiledListing } from "#lib/policy/types";
import { ClientLists, type Listing } from "./lists.ts";

/**
 * Returns the clients that a policy allows or blocks; undefined when it lists no client.
 *
 * @param ipv6Prefix the bits of an IPv6 address that name a client
 */
export function policyLists(
  listings: readonly CompiledListing[],
  ipv6Prefix?: number,
): ClientLists | undefined {
  if (listings.length === 0) return undefined;
  return new ClientLists(policyListings(listings, written, ipv6Prefix), [written]);
}

/**
 * Returns the clients that a policy allows or blocks as entries of a list.
 *
 * @param hash makes the keys by which identities are compared
 */
export function policyListings(
  listings: readonly CompiledListing[],
  hash: KeyedHash,
  ipv6Prefix = DEFAULT_IPV6_PREFIX,
): readonly Listing[] {
  return listings.map(({ list, place, client }): Listing => {
    const entry = { list, id: policyEntry(list, place), until: Infinity };
    if ("first" in client) return { ...entry, client: countedNetwork(client, ipv6Prefix) };
    const { identity, value } = client;
    return { ...entry, client: { identity, key: hash(identity, value) } };
  });
}

/** Returns the name that an entry of the policy has in decisions, events and the log. */
export function policyEntry(list: string, place: number): string {
  return `policy ${list} ${place}`;
}

/**
 * Returns the written form of a client. The policy names clients in plain text, so values are compared
 * without hashing.
 */
function written(identity: string, ...values: readonly string[]): string {
  return [identity, ...values].join(":");
}

/**
 * Returns the network of an entry. An IPv6 network smaller than the one that counts as a client is widened to
 * the whole client.
 */
export function countedNetwork(
  { first, bits }: Network,
  ipv6Prefix = DEFAULT_IPV6_PREFIX,
): Network {
  return first.length === 4 ? { first, bits } : { first, bits: Math.min(bits, ipv6Prefix) };
}
