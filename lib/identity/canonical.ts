import ipaddr from "ipaddr.js";

/** Everybody whose address cannot be told is counted as one client. */
export const UNKNOWN_ADDRESS = "unknown";

/** RFC 6177: one subscriber has at least that, and can ask from any address in it. */
export const DEFAULT_IPV6_PREFIX = 64;

/** The longest address with brackets, a zone and a port; what is longer is not looked at. */
const MAX_LENGTH = 80;

/**
 * Brings an address into the one form that is counted: IPv4 whole, IPv6 by its network, IPv4-mapped
 * IPv6 (RFC 4291, 2.5.5.2) as the IPv4 that it is. A port, brackets, spaces around and a zone are no
 * part of it. Whatever is not an address is "unknown"; never throws.
 *
 * @param ipv6Prefix the bits of an IPv6 address that name a client, from 48 to 128
 */
export function canonicalAddress(
  text: string | undefined,
  ipv6Prefix: number = DEFAULT_IPV6_PREFIX,
): string {
  const bare = bareAddress(text);
  if (bare === undefined) return UNKNOWN_ADDRESS;
  // IPv4 in four decimal parts only: "0177.1" and "2130706433" are other spellings of addresses
  // that no proxy of ours writes.
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return ipaddr.IPv4.parse(bare).toString();
  const hex = withoutDots(bare);
  if (hex === undefined || !ipaddr.IPv6.isValid(hex)) return UNKNOWN_ADDRESS;
  const address = ipaddr.IPv6.parse(hex);
  return address.isIPv4MappedAddress()
    ? address.toIPv4Address().toString()
    : networkOf(address.parts, ipv6Prefix);
}

/** The address alone, as it was written; undefined where there is none. */
export function bareAddress(text: string | undefined): string | undefined {
  if (!text || text.length > MAX_LENGTH) return undefined;
  const trimmed = text.trim();
  const bracketed = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(trimmed);
  if (bracketed) return bracketed[1];
  return trimmed.replace(/^(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}$/, "$1");
}

/**
 * An IPv6 address whose last 32 bits are written as IPv4, in hexadecimal alone. The parser would take
 * `::1.2.3.4` for a mapped address, and a part such as `010` for eight or for ten.
 */
function withoutDots(address: string): string | undefined {
  const [, head, quad, zone = ""] = /^([^.]*:)([\d.]+)(%.*)?$/s.exec(address) ?? [];
  if (head === undefined || !quad?.includes(".")) return address;
  if (!ipaddr.IPv4.isValidFourPartDecimal(quad)) return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = ipaddr.IPv4.parse(quad).octets;
  return `${head}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}${zone}`;
}

function networkOf(parts: readonly number[], prefix: number): string {
  const whole = Math.ceil(prefix / 16);
  const masked = parts.slice(0, whole).map((part, i) => {
    const hostBits = Math.max(0, 16 * (i + 1) - prefix);
    return ((part >> hostBits) << hostBits).toString(16);
  });
  return `${masked.join(":")}${whole < 8 ? "::" : ""}/${prefix}`;
}
