import { formatIpv6, type Ip, networkOf, parseIpv4, parseIpv6 } from "./ip.ts";

/** All clients whose address is not known are counted as this one client. */
export const UNKNOWN_ADDRESS = "unknown";

/** One subscriber has at least a /64 (RFC 6177), so all addresses of a /64 are counted as one client. */
export const DEFAULT_IPV6_PREFIX = 64;

/** The longest address with brackets, a zone and a port is shorter than this. */
const MAX_LENGTH = 80;

/** An address that is canonical already, as most are. */
const PLAIN_IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?=\d)|$)){4}$/;

const OPTIONAL_WHITESPACE = /^[ \t]+|[ \t]+$/g;
const BRACKETED = /^\[([^[\]]*)\](?::\d{1,5})?$/;
const IPV4_AND_PORT = /^([^:]+):\d{1,5}$/;
const IPV4_TAIL = /^(.*:)([^:]*\.[^:]*)$/;

/**
 * Returns the form of an address by which a client is counted. IPv4 stays whole, every spelling of
 * IPv4-mapped IPv6 becomes that IPv4, and other IPv6 becomes its network of `ipv6Prefix` bits in the form
 * of RFC 5952. A text that is not an address becomes "unknown". It never throws.
 *
 * @param ipv6Prefix the bits of an IPv6 address that name a client, from 48 to 128
 */
export function canonicalAddress(
  text: string | undefined,
  ipv6Prefix = DEFAULT_IPV6_PREFIX,
): string {
  if (text !== undefined && PLAIN_IPV4.test(text)) return text;
  const address = parseAddress(text);
  if (!address) return UNKNOWN_ADDRESS;
  if (address.length === 4) return address.join(".");
  return `${formatIpv6(networkOf(address, ipv6Prefix))}/${ipv6Prefix}`;
}

/**
 * Reads one address from a header: bare, with a port, or IPv6 in brackets. It drops an IPv6 zone and
 * returns IPv4-mapped IPv6 as IPv4.
 *
 * @returns undefined when the text is not exactly one address
 */
export function parseAddress(text: string | undefined): Ip | undefined {
  if (!text || text.length > MAX_LENGTH) return undefined;
  const bare = text.replace(OPTIONAL_WHITESPACE, "");
  const bracketed = BRACKETED.exec(bare)?.[1];
  if (bracketed !== undefined) return parseAnyIpv6(bracketed);
  return parseIpv4(IPV4_AND_PORT.exec(bare)?.[1] ?? bare) ?? parseAnyIpv6(bare);
}

function parseAnyIpv6(text: string): Ip | undefined {
  const address = parseIpv6(withoutIpv4Tail(withoutZone(text)));
  return address && isIpv4Mapped(address) ? address.slice(6).flatMap(bytesOf) : address;
}

/** `::ffff:0:0/96` (RFC 4291, 2.5.5.2). */
function isIpv4Mapped(address: Ip): boolean {
  return address.findIndex((group) => group !== 0) === 5 && address[5] === 0xffff;
}

function bytesOf(group: number): [number, number] {
  return [group >> 8, group & 0xff];
}

/** A zone (RFC 4007) names the link to a neighbour and does not identify the client. */
function withoutZone(text: string): string {
  const at = text.indexOf("%");
  // An empty zone is invalid: the text stays, and is not parsed as an address.
  return at === -1 || at === text.length - 1 ? text : text.slice(0, at);
}

/** Writes an IPv4 tail in hex. Any other text stays, and is not parsed as IPv6. */
function withoutIpv4Tail(text: string): string {
  const [, head = "", tail = ""] = IPV4_TAIL.exec(text) ?? [];
  const [a, b = 0, c = 0, d = 0] = parseIpv4(tail) ?? [];
  if (a === undefined) return text;
  return `${head}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}
