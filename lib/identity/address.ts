import { addressReader } from "./counted-address.ts";
import type { AddressSource } from "./platforms/all.ts";

/**
 * Returns the client's address in the form that is counted; "unknown" without a source, or when the source
 * holds no address.
 *
 * @param ipv6Prefix the bits of an IPv6 address that name a client, from 48 to 128
 */
export function clientAddress(
  headers: Headers,
  source: AddressSource | undefined,
  ipv6Prefix?: number,
): string {
  return addressReader(source, ipv6Prefix)(headers);
}
