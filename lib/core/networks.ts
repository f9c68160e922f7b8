import { parseAddress } from "./canonical-address.ts";
import { formatIpv6, type Ip, networkOf, widthOf } from "./ip.ts";

/** A network: its first address, and the number of leading bits that all its addresses share. */
export interface Network {
  /**
   * The parts of its first address: four bytes of IPv4, or eight groups of 16 bits of IPv6.
   * @example
   * const networks = [{ first: [10, 0, 0, 0], bits: 8 }];
   * headgate(policy, { ...options, addressSource: { from: "trusted", networks } });
   */
  readonly first: Ip;
  /**
   * The number of leading bits that all its addresses share.
   * @example
   * const networks = [{ first: [192, 168, 0, 0], bits: 16 }];
   * headgate(policy, { ...options, addressSource: { from: "trusted", networks } });
   */
  readonly bits: number;
}

/** The number of bits before the IPv4 address in an IPv4-mapped IPv6 address. */
const MAPPED_BITS = 96;

/**
 * Reads a network in CIDR form (RFC 4632, RFC 4291), or one address.
 *
 * @returns undefined when the text is neither, or when the address is not the network's first address
 * @example readNetwork("10.0.0.0/8") // { first: [10, 0, 0, 0], bits: 8 }
 */
export function readNetwork(text: string): Network | undefined {
  const [, address = "", length] = /^([\da-f.:]+)(?:\/(\d{1,3}))?$/i.exec(text) ?? [];
  const first = parseAddress(address);
  if (!first) return undefined;
  const all = first.length * widthOf(first);
  const isMapped = first.length === 4 && address.includes(":");
  const bits = length === undefined ? all : Number(length) - (isMapped ? MAPPED_BITS : 0);
  return bits >= 0 && bits <= all && isSame(networkOf(first, bits), first)
    ? { first, bits }
    : undefined;
}

/**
 * Returns the network that was most likely meant by a text that `readNetwork` rejects because its address is
 * not the network's first; undefined when no network is close.
 *
 * @example nearestNetwork("10.1.2.3/8") // "10.0.0.0/8"
 */
export function nearestNetwork(text: string): string | undefined {
  const [address, length] = text.split("/");
  const ip = parseAddress(address);
  if (!ip) return undefined;
  const bits = length === undefined ? ip.length * widthOf(ip) : Number(length);
  const network = networkText({ first: networkOf(ip, bits), bits });
  return readNetwork(network) && network;
}

/** Returns a network in CIDR form; a single address has no length. */
export function networkText({ first, bits }: Network): string {
  const address = first.length === 4 ? first.join(".") : formatIpv6(first);
  return bits === first.length * widthOf(first) ? address : `${address}/${bits}`;
}

/** Returns true for an address of one of the networks. No IPv4 address is in an IPv6 network, nor the reverse. */
export function isWithin(address: Ip | undefined, networks: readonly Network[]): boolean {
  return (
    address !== undefined &&
    networks.some(({ first, bits }) => isSame(networkOf(address, bits), first))
  );
}

/**
 * Makes the function that returns true for an address of one of the networks. It parses the networks at its
 * first call, because few apps call it and a cold start must be short.
 *
 * @param list networks in CIDR form, separated by blanks
 */
export function networks(list: string): (address: Ip | undefined) => boolean {
  let read: readonly Network[] | undefined;
  return (address) => {
    read ??= list.split(" ").flatMap((text) => readNetwork(text) ?? []);
    return isWithin(address, read);
  };
}

function isSame(a: Ip, b: Ip): boolean {
  return a.join() === b.join();
}
