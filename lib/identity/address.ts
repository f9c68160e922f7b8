import type { AddressSource } from "./address-source.ts";
import { canonicalAddress } from "./canonical-address.ts";
import { isCloudflares } from "./cloudflare-ranges.ts";

/** The header by which our own server names the socket's address: `<nonce> <address>`. */
export const SOCKET_HEADER = "x-headgate-socket";

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
      return fromRight(headers.get("x-forwarded-for") ?? "", source.hops);
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

/** The nth entry of a list from the right: what a client wrote before it costs nothing to pass over. */
function fromRight(list: string, n: number): string | undefined {
  let end = list.length;
  for (let i = 1; i < n; i += 1) {
    end = list.lastIndexOf(",", end - 1);
    if (end <= 0) return undefined;
  }
  return list.slice(list.lastIndexOf(",", end - 1) + 1, end);
}

function reportedByVercel(headers: Headers): string | undefined {
  const given = headers.get("x-vercel-forwarded-for") ?? headers.get("x-real-ip") ?? "";
  const comma = given.indexOf(",");
  return comma < 0 ? given : given.slice(0, comma);
}
