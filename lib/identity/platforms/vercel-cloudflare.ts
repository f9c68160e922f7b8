import { isCloudflares } from "../cloudflare-ranges.ts";
import { connecting } from "./cloudflare.ts";
import { named, type Platform, type PlatformWords } from "./platform.ts";
import { reportedByVercel } from "./vercel.ts";

/**
 * Cloudflare in front of Vercel: CF-Connecting-IP when the address that Vercel reports is Cloudflare's own,
 * otherwise the address that Vercel reports, of a client that bypassed Cloudflare.
 */
export interface VercelCloudflareSource {
  /**
   * The name of the source: Cloudflare in front of Vercel.
   * @example
   * headgate(policy, { ...options, addressSource: { from: "vercel+cloudflare" } });
   */
  readonly from: "vercel+cloudflare";
}

export const VERCEL_CLOUDFLARE: Platform<VercelCloudflareSource> = {
  name: "vercel+cloudflare",
  place: 7,
  form: "vercel+cloudflare",
  // Both headers are read, and Vercel writes Cloudflare's address into its own.
  knowsOthers: true,
  read: named("vercel+cloudflare"),
  address(headers) {
    const reported = reportedByVercel(headers);
    return (isCloudflares(reported) && connecting(headers)) || reported;
  },
};

/** @public The table in docs/guides/client-address.md reads it by the file's name. */
export const WORDS: PlatformWords = {
  example: "vercel+cloudflare",
  where: "Vercel with Cloudflare in front",
  reads:
    "`cf-connecting-ip` when the address that Vercel reports is Cloudflare's own, otherwise that address",
  forged: "nothing: a client that bypasses Cloudflare is counted by its own address",
};
