import ipaddr from "ipaddr.js";

/** Everybody whose address cannot be told is counted as one client. */
export const UNKNOWN_ADDRESS = "unknown";

/** RFC 6177: one subscriber has at least a /64, so that is the least that a client is counted by. */
export const DEFAULT_IPV6_PREFIX = 64;

/** The longest address with brackets, a zone and a port is shorter than this. */
const MAX_LENGTH = 80;

const OPTIONAL_WHITESPACE = /^[ \t]+|[ \t]+$/g;
const BRACKETED = /^\[([^[\]]*)\](?::\d{1,5})?$/;
const IPV4_AND_PORT = /^([^:]+):\d{1,5}$/;
const FOUR_PARTS = /^\d+\.\d+\.\d+\.\d+$/;
const IPV4_TAIL = /^(.*:)([^:]*\.[^:]*)$/;

/**
 * Brings an address into the one form that is counted: IPv4 whole, IPv4-mapped IPv6 in each of its
 * spellings as that IPv4, other IPv6 by its network of `ipv6Prefix` bits in the form of RFC 5952.
 * Whatever is not an address is "unknown"; nothing throws.
 *
 * @param ipv6Prefix the bits of an IPv6 address that name a client, from 48 to 128
 */
export function canonicalAddress(
  text: string | undefined,
  ipv6Prefix = DEFAULT_IPV6_PREFIX,
): string {
  const address = parseAddress(text);
  if (!address) return UNKNOWN_ADDRESS;
  if (address instanceof ipaddr.IPv4) return address.toString();
  const network = address.parts.map((part, i) => part & maskOf(ipv6Prefix - 16 * i));
  return `${new ipaddr.IPv6(network).toString()}/${ipv6Prefix}`;
}

/** The 16 bits of a group of which the first `bits` belong to the network. */
function maskOf(bits: number): number {
  return (0xffff << (16 - Math.min(Math.max(bits, 0), 16))) & 0xffff;
}

/**
 * Reads one address as a header has it: bare, with a port, or IPv6 in brackets; an IPv6 zone is left
 * off. IPv4-mapped IPv6 comes out as IPv4. Undefined where it is not exactly that.
 */
export function parseAddress(text: string | undefined): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (!text || text.length > MAX_LENGTH) return undefined;
  const bare = text.replace(OPTIONAL_WHITESPACE, "");
  const bracketed = BRACKETED.exec(bare)?.[1];
  if (bracketed !== undefined) return parseIpv6(bracketed);
  return parseIpv4(IPV4_AND_PORT.exec(bare)?.[1] ?? bare) ?? parseIpv6(bare);
}

/** Four decimal parts only: "0177.1", "01.2.3.4" and "2130706433" mean different things to others. */
function parseIpv4(text: string): ipaddr.IPv4 | undefined {
  // ipaddr.js makes an error of whatever is none, which is slow.
  if (!FOUR_PARTS.test(text)) return undefined;
  return ipaddr.IPv4.isValidFourPartDecimal(text) ? ipaddr.IPv4.parse(text) : undefined;
}

function parseIpv6(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  const inHex = withoutIpv4Tail(withoutZone(text));
  if (inHex.includes(".") || !ipaddr.IPv6.isValid(inHex)) return undefined;
  const address = ipaddr.IPv6.parse(inHex);
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

/** A zone (RFC 4007) says by which link a neighbour is reached, and not who it is. */
function withoutZone(text: string): string {
  const at = text.indexOf("%");
  // An empty zone is none: what it stands behind is no address then.
  return at === -1 || at === text.length - 1 ? text : text.slice(0, at);
}

/**
 * Writes an IPv4 tail in hex. ipaddr.js would take `::1.2.3.4`, which is deprecated and IPv6
 * (RFC 4291, 2.5.5.1), for the IPv4-mapped `::ffff:1.2.3.4`, and octal and hex parts for decimal.
 */
function withoutIpv4Tail(text: string): string {
  const [, head = "", tail = ""] = IPV4_TAIL.exec(text) ?? [];
  const ipv4 = parseIpv4(tail);
  if (!ipv4) return text;
  const [a = 0, b = 0, c = 0, d = 0] = ipv4.octets;
  return `${head}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}
