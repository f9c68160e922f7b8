import type { AddressSource } from "./address-source.ts";
import { canonicalAddress, parseAddress } from "./canonical-address.ts";
import { isCloudflares } from "./cloudflare-ranges.ts";
import { isWithin, type Network } from "./networks.ts";

/** The header by which our own server names the socket's address: `<nonce> <address>`. */
export const SOCKET_HEADER = "x-headgate-socket";

/** As many entries of X-Forwarded-For are read, from the right. */
const MAX_ENTRIES = 99;

/**
 * The client's address in the form that is counted ({@link canonicalAddress}); "unknown" where there
 * is no source, or no address in what it says.
 *
 * @param ipv6Prefix the bits of an IPv6 address that name a client, from 48 to 128
 */
export function clientAddress(
  headers: Headers,
  source: AddressSource | undefined,
  ipv6Prefix?: number,
): string {
  return canonicalAddress(source && claimedAddress(headers, source), ipv6Prefix);
}

function claimedAddress(headers: Headers, source: AddressSource): string | undefined {
  switch (source.from) {
    case "socket": {
      const [nonce, address] = (headers.get(SOCKET_HEADER) ?? "").split(" ", 2);
      return nonce === source.nonce ? address : undefined;
    }
    case "hops":
      return fromRight(headers, source.hops);
    case "trusted":
      return firstOutside(headers, source.networks);
    case "header": {
      const value = headers.get(source.header) ?? undefined;
      // CloudFront writes a port behind every address, and no brackets around an IPv6 address.
      return source.header === "cloudfront-viewer-address" ? value?.replace(/:\d+$/, "") : value;
    }
    case "vercel":
      return reportedByVercel(headers);
    case "cloudflare":
      return headers.get("cf-connecting-ip") ?? undefined;
    case "vercel+cloudflare": {
      const reported = reportedByVercel(headers);
      return (isCloudflares(reported) && headers.get("cf-connecting-ip")) || reported;
    }
  }
}

/**
 * The nth entry of X-Forwarded-For from the right, as it is written; undefined where there are fewer.
 * What a client wrote before it costs nothing to pass over.
 */
export function fromRight(headers: Headers, n: number): string | undefined {
  const list = headers.get("x-forwarded-for") ?? "";
  let end = list.length;
  for (let i = 1; i < n; i += 1) {
    end = list.lastIndexOf(",", end - 1);
    if (end <= 0) return undefined;
  }
  return list.slice(list.lastIndexOf(",", end - 1) + 1, end);
}

/**
 * The first entry from the right that is in none of the networks. What is no address is in none, so
 * that nothing to the left of it is believed.
 */
function firstOutside(headers: Headers, networks: readonly Network[]): string | undefined {
  for (let n = 1; n <= MAX_ENTRIES; n += 1) {
    const entry = fromRight(headers, n);
    if (!isWithin(parseAddress(entry), networks)) return entry;
  }
  return undefined;
}

function reportedByVercel(headers: Headers): string | undefined {
  const given = headers.get("x-vercel-forwarded-for") ?? headers.get("x-real-ip") ?? "";
  const comma = given.indexOf(",");
  return comma < 0 ? given : given.slice(0, comma);
}
