import { HeadgateError } from "#lib/core/errors";
import { settingsError } from "#lib/core/settings";
import { type Network, readNetwork } from "./networks.ts";

/**
 * Where the client's address comes from:
 * - `socket`: our own server, which names the socket's address with a nonce that only it knows
 * - `hops:n`: the nth address from the right of X-Forwarded-For, so n trusted proxies
 * - `trusted`: the first address of X-Forwarded-For from the right that is in none of the networks
 * - `header`: the one address in a header that a proxy puts in place of whatever the client sent
 * - `vercel`: the address that Vercel's edge puts in place of whatever the client sent
 * - `cloudflare`: CF-Connecting-IP, which Cloudflare puts in place of whatever the client sent
 * - `vercel+cloudflare`: Cloudflare in front of Vercel. CF-Connecting-IP where the address that
 *   Vercel reports is Cloudflare's own; else that address, of somebody who came past Cloudflare
 */
export type AddressSource =
  | { readonly from: "socket"; readonly nonce: string }
  | { readonly from: "hops"; readonly hops: number }
  | { readonly from: "trusted"; readonly networks: readonly Network[] }
  | { readonly from: "header"; readonly header: string }
  | { readonly from: Platform };

const PLATFORMS = ["vercel", "cloudflare", "vercel+cloudflare"] as const;

type Platform = (typeof PLATFORMS)[number];

const HOPS = /^hops:([1-9]\d?)$/;
const HEADER = /^header:([\w!#$%&'*+.^`|~-]{1,64})$/;

/** Two lists, and what Headgate itself writes. */
const NO_HEADERS = /^(?:x-forwarded-for|forwarded|x-headgate-.*)$/;

const HOW_TO_SAY =
  "set CLIENT_IP_FROM to hops:n (behind n proxies), trusted:CIDR,…, header:NAME, vercel, cloudflare or vercel+cloudflare, or start the app by `headgate start`; docs/client-address.md";

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
 * is set cannot work: counting by an address that anybody can write is no limit; ENV_INVALID for networks
 * or a header that cannot be meant
 */
export function addressSource(environment: AddressEnvironment): AddressSource | undefined {
  const { clientIpFrom: wanted, socketNonce: nonce } = environment;
  if (!wanted) return platformSource(environment);
  const platform = PLATFORMS.find((name) => name === wanted);
  if (platform) return { from: platform };
  const hops = HOPS.exec(wanted)?.[1];
  if (hops) return { from: "hops", hops: Number(hops) };
  if (wanted.startsWith("trusted:")) return { from: "trusted", networks: networksOf(wanted) };
  if (wanted.startsWith("header:")) return { from: "header", header: headerOf(wanted) };
  if (wanted === "socket" && nonce) return { from: "socket", nonce };
  throw new HeadgateError(
    "CLIENT_ADDRESS_UNKNOWN",
    wanted === "socket"
      ? `CLIENT_IP_FROM is "socket", which only Headgate's own server can give: ${HOW_TO_SAY}.`
      : `CLIENT_IP_FROM is ${JSON.stringify(wanted)}; allowed: socket, hops:n (n from 1 to 99), trusted:CIDR,…, header:NAME, ${PLATFORMS.join(", ")}.`,
  );
}

function networksOf(wanted: string): Network[] {
  return wanted
    .slice("trusted:".length)
    .split(",")
    .map((text, i) => {
      const network = readNetwork(text.trim());
      if (network && network.bits >= fewestBits(network)) return network;
      throw settingsError({
        CLIENT_IP_FROM: `trusted: and networks by their first addresses, such as 10.0.0.0/8,fd00::/8. None may be larger than 10.0.0.0/8 or fc00::/7, since clients in it could name any address. Network ${i + 1} cannot be used`,
      });
    });
}

/** Those of 10.0.0.0/8, and of fc00::/7: a larger network holds clients too. */
function fewestBits({ first }: Network): number {
  return first.length === 4 ? 8 : 7;
}

function headerOf(wanted: string): string {
  const header = HEADER.exec(wanted)?.[1]?.toLowerCase();
  if (header && !NO_HEADERS.test(header)) return header;
  throw settingsError({
    CLIENT_IP_FROM:
      "header: and the name of a header that your proxy overwrites with one address, such as header:fly-client-ip; for X-Forwarded-For, hops:n or trusted:CIDR",
  });
}

function platformSource(environment: AddressEnvironment): AddressSource | undefined {
  if (environment.socketNonce) return { from: "socket", nonce: environment.socketNonce };
  if (environment.onVercel) return { from: "vercel" };
  if (environment.onCloudflare) return { from: "cloudflare" };
  if (!environment.production) return undefined;
  throw new HeadgateError(
    "CLIENT_ADDRESS_UNKNOWN",
    `Nothing says where the client's address comes from: ${HOW_TO_SAY}.`,
  );
}
