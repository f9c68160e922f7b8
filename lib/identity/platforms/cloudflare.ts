import { isCloudflares } from "../cloudflare-ranges.ts";
import { named, type Platform, type PlatformWords } from "./platform.ts";

/** The address in CF-Connecting-IP, which Cloudflare overwrites. */
export interface CloudflareSource {
  /**
   * The name of the source: CF-Connecting-IP, which Cloudflare overwrites.
   * @example
   * headgate(policy, { ...options, addressSource: { from: "cloudflare" } });
   */
  readonly from: "cloudflare";
}

const HEADER = "cf-connecting-ip";

export const CLOUDFLARE: Platform<CloudflareSource> = {
  name: "cloudflare",
  place: 6,
  form: "cloudflare",
  header: HEADER,
  network: { owner: "Cloudflare", has: isCloudflares },
  read: named("cloudflare"),
  detect: ({ onCloudflare }) => (onCloudflare ? { from: "cloudflare" } : undefined),
  address: connecting,
  behind: () => ({ vercel: "vercel+cloudflare" }),
};

/** Returns the address that Cloudflare names. */
export function connecting(headers: Headers): string | undefined {
  return headers.get(HEADER) ?? undefined;
}

/** @public The table in docs/guides/client-address.md reads it by the file's name. */
export const WORDS: PlatformWords = {
  example: "cloudflare",
  where: "Cloudflare Workers, or a server that only Cloudflare can reach",
  reads: "`cf-connecting-ip`, which Cloudflare overwrites",
  forged: "nothing through Cloudflare; everything when Cloudflare is bypassed",
};
