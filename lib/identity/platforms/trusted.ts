import { settingsError } from "#lib/core/settings";
import { parseAddress } from "#lib/core/canonical-address";
import { isWithin, type Network, readNetwork } from "#lib/core/networks";
import { fromRight } from "./hops.ts";
import type { Platform, PlatformWords } from "./platform.ts";

/** The first address of X-Forwarded-For from the right that is in none of the networks. */
export interface TrustedSource {
  /**
   * The name of the source: X-Forwarded-For without the addresses of trusted proxies.
   * @example
   * const networks = [{ first: [10, 0, 0, 0], bits: 8 }];
   * headgate(policy, { ...options, addressSource: { from: "trusted", networks } });
   */
  readonly from: "trusted";
  /**
   * The networks of the trusted proxies.
   * @example
   * const networks = [{ first: [10, 0, 0, 0], bits: 8 }];
   * headgate(policy, { ...options, addressSource: { from: "trusted", networks } });
   */
  readonly networks: readonly Network[];
}

const PREFIX = "trusted:";

/** The most entries of X-Forwarded-For that are read, from the right. */
const MAX_ENTRIES = 99;

export const TRUSTED: Platform<TrustedSource> = {
  name: "trusted",
  place: 3,
  form: `${PREFIX}CIDR,…`,
  read: (value) =>
    value.startsWith(PREFIX) ? { from: "trusted", networks: networksOf(value) } : undefined,
  address: (headers, { networks }) => firstOutside(headers, networks),
  behind: () => ({ cloudflare: "trusted: with Cloudflare's networks too" }),
};

function networksOf(value: string): Network[] {
  return value
    .slice(PREFIX.length)
    .split(",")
    .map((text, i) => {
      const network = readNetwork(text.trim());
      if (network && network.bits >= fewestBits(network)) return network;
      throw settingsError({
        CLIENT_IP_FROM: `trusted: and networks by their first addresses, such as 10.0.0.0/8,fd00::/8. None may be larger than 10.0.0.0/8 or fc00::/7, since clients in it could name any address. Network ${i + 1} cannot be used`,
      });
    });
}

/** The bits of 10.0.0.0/8, or of fc00::/7: a larger network contains clients too. */
function fewestBits({ first }: Network): number {
  return first.length === 4 ? 8 : 7;
}

/**
 * Returns the first entry from the right that is in none of the networks. An entry that is not an address ends
 * the search, so that no entry to the left of it is trusted.
 */
function firstOutside(headers: Headers, networks: readonly Network[]): string | undefined {
  for (let n = 1; n <= MAX_ENTRIES; n += 1) {
    const entry = fromRight(headers, n);
    if (!isWithin(parseAddress(entry), networks)) return entry;
  }
  return undefined;
}

/** @public The table in docs/guides/client-address.md reads it by the file's name. */
export const WORDS: PlatformWords = {
  example: "trusted:10.0.0.0/8,fd00::/8",
  where: "behind proxies of those networks that append to X-Forwarded-For",
  reads: "the first address from the right that is in none of the networks",
  forged: "nothing, as long as no client is in these networks",
};
