import { type Doubt, doubtOf } from "#lib/core/doubt";
import { OTHER_ADDRESS_HEADERS } from "./address-headers.ts";
import { canonicalAddress, parseAddress, UNKNOWN_ADDRESS } from "#lib/core/canonical-address";
import { networks } from "#lib/core/networks";
import { type AddressSource, PLATFORMS, platformOf } from "./platforms/all.ts";
import { fromRight } from "./platforms/hops.ts";
import type { Platform } from "./platforms/platform.ts";

/** A header that names an address and is not read by the source. */
interface Unread {
  readonly header: string;
  /** What CLIENT_IP_FROM should be if the platform or a proxy wrote the header. */
  readonly value: string;
  /** The network that the counted address must belong to; outside of it the header is no sign of a proxy. */
  readonly network?: Platform<AddressSource>["network"];
}

/** The first requests, which are searched for every header. A later request is searched for one header. */
const LOOKS = 100;

/**
 * Makes the function that finds signs of a wrong CLIENT_IP_FROM in requests: no address where the source
 * reads it, a header that names another address, or more entries in X-Forwarded-For than `hops` counts. It
 * returns at most one doubt for a request, and each doubt once: a client can send any header, and must not be
 * able to fill a log.
 *
 * @param source the source that CLIENT_IP_FROM names; undefined when no header is trusted
 */
export function createDoubts(
  source: AddressSource | undefined,
): (headers: Headers, address: string) => Doubt | undefined {
  const setting = `CLIENT_IP_FROM=${labelOf(source)}`;
  let unread = unreadBy(source);
  let mayBeAbsent = source !== undefined;
  let hops = source?.from === "hops" && source.hops;
  let looks = 0;

  return (headers, address) => {
    if (mayBeAbsent && address === UNKNOWN_ADDRESS) {
      mayBeAbsent = false;
      const words = `${setting} found no address in a request: all such requests are counted as one client.`;
      return doubtOf("CLIENT_ADDRESS_HEADER_ABSENT", "warn", words);
    }
    looks += 1;
    const found = unread.find(
      (one, i) =>
        (looks <= LOOKS || i === looks % (unread.length + 1)) && isTelling(one, headers, address),
    );
    if (found) {
      unread = unread.filter((one) => one !== found);
      const { header, value, network } = found;
      const reason = network
        ? `It was counted by ${network.owner}'s address:`
        : "If your proxy wrote it,";
      const words = `A request carried ${header}, which ${setting} does not read. ${reason} set CLIENT_IP_FROM=${value}.`;
      return doubtOf("CLIENT_ADDRESS_HEADER_UNCONFIGURED", network ? "warn" : "info", words);
    }
    const isHopsTurn = looks <= LOOKS || looks % (unread.length + 1) === unread.length;
    if (hops && isHopsTurn && fromRight(headers, hops + 1) !== undefined) {
      hops = false;
      const words = `A request carried more addresses in X-Forwarded-For than ${setting} reads. If your proxies wrote them, set a higher n.`;
      return doubtOf("CLIENT_ADDRESS_MORE_HOPS", "info", words);
    }
    return undefined;
  };
}

/** Returns true when the header names another address than the counted one, or when that is of its network. */
function isTelling({ header, network }: Unread, headers: Headers, address: string): boolean {
  const value = headers.get(header)?.toLowerCase();
  if (value === undefined) return false;
  if (network) return network.has(address.replace(/\/\d+$/, ""));
  if (header === "forwarded") {
    return value.includes("for=") && !value.includes(address.replace(/::.*/, ""));
  }
  const named = parseAddress(value.trim());
  // A proxy in between may name itself, as nginx does behind a balancer: by its private address, or by one
  // that follows the client's in X-Forwarded-For.
  const list = headers.get("x-forwarded-for") ?? "";
  const isBehind = list.lastIndexOf(value.trim()) > list.lastIndexOf(address.replace(/::.*/, ""));
  const isProxys = isPrivate(named) || isBehind;
  return named !== undefined && !isProxys && canonicalAddress(value) !== address;
}

/** Networks that contain no client of the internet (RFC 1918, RFC 6598, RFC 4193, loopback, link-local). */
const isPrivate = networks(
  "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 127.0.0.0/8 fc00::/7 fe80::/10",
);

/** Returns the headers that name an address, without the one that the source reads. */
function unreadBy(source: AddressSource | undefined): Unread[] {
  const platform = platformOf(source);
  if (platform?.knowsOthers) return [];
  const behind = source && platform?.behind?.(source);
  // The outermost platform first: Cloudflare can be before Vercel.
  const ofPlatforms = PLATFORMS.toReversed().flatMap(({ name, header, network }) =>
    header ? { header, value: behind?.[name] ?? name, network: source && network } : [],
  );
  const read = (source && platform?.reads?.(source)) ?? platform?.header;
  return [
    ...ofPlatforms,
    { header: "forwarded", value: "hops:n, and let it write X-Forwarded-For" },
    ...OTHER_ADDRESS_HEADERS.map((header) => ({ header, value: `header:${header}` })),
  ].filter(({ header }) => header !== read);
}

function labelOf(source: AddressSource | undefined): string {
  if (!source) return "(unset)";
  return platformOf(source)?.label?.(source) ?? source.from;
}
