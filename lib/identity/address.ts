import ipaddr from "ipaddr.js";
import { HeadgateError } from "#lib/core/errors";

/**
 * Where the client's address comes from:
 * - `socket`: our own server, which names the socket's address with a nonce that only it knows
 * - `hops:n`: the nth address from the right of X-Forwarded-For, so n trusted proxies
 * - `vercel`: the address that Vercel's edge puts in place of whatever the client sent
 * - `cloudflare`: CF-Connecting-IP, which Cloudflare puts in place of whatever the client sent
 */
export type AddressSource =
  | { readonly from: "socket"; readonly nonce: string }
  | { readonly from: "hops"; readonly hops: number }
  | { readonly from: "vercel" }
  | { readonly from: "cloudflare" };

/** The header by which our own server names the socket's address: `<nonce> <address>`. */
export const SOCKET_HEADER = "x-headgate-socket";

/** Everybody whose address cannot be told is counted as one client. */
export const UNKNOWN_ADDRESS = "unknown";

const HOPS = /^hops:([1-9]\d?)$/;

export interface AddressEnvironment {
  /** CLIENT_IP_FROM, if set. */
  readonly clientIpFrom?: string | undefined;
  /** Given by our own server to its own process, if it started this one. */
  readonly socketNonce?: string | undefined;
  readonly onVercel: boolean;
  readonly onCloudflare: boolean;
  readonly production: boolean;
}

/**
 * Decides where addresses come from: CLIENT_IP_FROM, or else the platform's own marker.
 *
 * @throws {HeadgateError} CLIENT_ADDRESS_UNKNOWN when nothing says so in production, or when what
 * is set cannot work: counting by an address that anybody can write is no limit
 */
export function addressSource(environment: AddressEnvironment): AddressSource | undefined {
  const { clientIpFrom: wanted, socketNonce: nonce } = environment;
  if (!wanted) return platformSource(environment);
  if (wanted === "vercel" || wanted === "cloudflare") return { from: wanted };
  const hops = HOPS.exec(wanted)?.[1];
  if (hops) return { from: "hops", hops: Number(hops) };
  if (wanted === "socket" && nonce) return { from: "socket", nonce };
  throw new HeadgateError(
    "CLIENT_ADDRESS_UNKNOWN",
    wanted === "socket"
      ? 'CLIENT_IP_FROM is "socket", which only Headgate\'s own server can give: start the app with `npm start`, or set hops:n, vercel or cloudflare.'
      : `CLIENT_IP_FROM is ${JSON.stringify(wanted)}; allowed: socket, hops:n (n from 1 to 99), vercel, cloudflare.`,
  );
}

function platformSource(environment: AddressEnvironment): AddressSource | undefined {
  if (environment.socketNonce) return { from: "socket", nonce: environment.socketNonce };
  if (environment.onVercel) return { from: "vercel" };
  if (environment.onCloudflare) return { from: "cloudflare" };
  if (!environment.production) return undefined;
  throw new HeadgateError(
    "CLIENT_ADDRESS_UNKNOWN",
    "Nothing says where the client's address comes from: set CLIENT_IP_FROM to hops:n (behind n proxies), vercel or cloudflare, or start the app with `npm start`.",
  );
}

/**
 * The client's address in the form that is counted: IPv4 whole, IPv6 by its /64 (RFC 6177: one
 * subscriber has at least that), IPv4-mapped IPv6 as IPv4; "unknown" where there is none.
 */
export function clientAddress(headers: Headers, source: AddressSource | undefined): string {
  return canonicalAddress(source && claimedAddress(headers, source));
}

function claimedAddress(headers: Headers, source: AddressSource): string | undefined {
  switch (source.from) {
    case "socket": {
      const [nonce, address] = (headers.get(SOCKET_HEADER) ?? "").split(" ");
      return nonce === source.nonce ? address : undefined;
    }
    case "hops":
      return headers.get("x-forwarded-for")?.split(",").at(-source.hops);
    case "vercel":
      return headers.get("x-vercel-forwarded-for")?.split(",")[0] ?? headers.get("x-real-ip") ?? "";
    case "cloudflare":
      return headers.get("cf-connecting-ip") ?? undefined;
  }
}

/** Brings an address into the one form that is counted; whatever is not an address is "unknown". */
export function canonicalAddress(text: string | undefined): string {
  // The longest address with a zone and a port is under 80 characters.
  const bare = text && text.length <= 80 ? withoutPort(text.trim()) : "";
  // IPv4 in four decimal parts only: "0177.1" and "2130706433" are other spellings of addresses
  // that no proxy of ours writes.
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return ipaddr.IPv4.parse(bare).toString();
  if (!ipaddr.IPv6.isValid(bare)) return UNKNOWN_ADDRESS;
  const address = ipaddr.IPv6.parse(bare);
  if (address.isIPv4MappedAddress()) return address.toIPv4Address().toString();
  const network = address.parts.slice(0, 4).map((part) => part.toString(16));
  return `${network.join(":")}::/64`;
}

function withoutPort(text: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text);
  if (bracketed) return bracketed[1] ?? "";
  return text.replace(/^(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}$/, "$1");
}
