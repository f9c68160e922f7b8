import { HeadgateError } from "#lib/core/errors";

/**
 * Where the client's address comes from:
 * - `socket`: our own server, which names the socket's address with a nonce that only it knows
 * - `hops:n`: the nth address from the right of X-Forwarded-For, so n trusted proxies
 * - `vercel`: the address that Vercel's edge puts in place of whatever the client sent
 * - `cloudflare`: CF-Connecting-IP, which Cloudflare puts in place of whatever the client sent
 * - `vercel+cloudflare`: Cloudflare in front of Vercel. CF-Connecting-IP where the address that
 *   Vercel reports is Cloudflare's own; else that address, of somebody who came past Cloudflare
 */
export type AddressSource =
  | { readonly from: "socket"; readonly nonce: string }
  | { readonly from: "hops"; readonly hops: number }
  | { readonly from: Platform };

const PLATFORMS = ["vercel", "cloudflare", "vercel+cloudflare"] as const;

type Platform = (typeof PLATFORMS)[number];

const HOPS = /^hops:([1-9]\d?)$/;

const HOW_TO_SAY =
  "set CLIENT_IP_FROM to hops:n (behind n proxies), vercel, cloudflare or vercel+cloudflare, or start the app with `npm start`; docs/client-address.md";

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
  const platform = PLATFORMS.find((name) => name === wanted);
  if (platform) return { from: platform };
  const hops = HOPS.exec(wanted)?.[1];
  if (hops) return { from: "hops", hops: Number(hops) };
  if (wanted === "socket" && nonce) return { from: "socket", nonce };
  throw new HeadgateError(
    "CLIENT_ADDRESS_UNKNOWN",
    wanted === "socket"
      ? `CLIENT_IP_FROM is "socket", which only Headgate's own server can give: ${HOW_TO_SAY}.`
      : `CLIENT_IP_FROM is ${JSON.stringify(wanted)}; allowed: socket, hops:n (n from 1 to 99), ${PLATFORMS.join(", ")}.`,
  );
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
