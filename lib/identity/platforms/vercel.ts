import { named, type Platform, type PlatformWords } from "./platform.ts";

/** The address in the header that Vercel's edge overwrites. */
export interface VercelSource {
  /**
   * The name of the source: the header that Vercel's edge overwrites.
   * @example
   * headgate(policy, { ...options, addressSource: { from: "vercel" } });
   */
  readonly from: "vercel";
}

const HEADER = "x-vercel-forwarded-for";

export const VERCEL: Platform<VercelSource> = {
  name: "vercel",
  place: 5,
  form: "vercel",
  header: HEADER,
  read: named("vercel"),
  detect: ({ onVercel }) => (onVercel ? { from: "vercel" } : undefined),
  address: reportedByVercel,
  behind: () => ({ cloudflare: "vercel+cloudflare" }),
};

/** Returns the address that Vercel reports; empty when it reports no address. */
export function reportedByVercel(headers: Headers): string {
  const given = headers.get(HEADER) ?? headers.get("x-real-ip") ?? "";
  const comma = given.indexOf(",");
  return comma < 0 ? given : given.slice(0, comma);
}

/** @public The table in docs/guides/client-address.md reads it by the file's name. */
export const WORDS: PlatformWords = {
  example: "vercel",
  where: "Vercel",
  reads: "`x-vercel-forwarded-for`, which Vercel overwrites (otherwise `x-real-ip`, the same)",
  forged: "nothing on Vercel; elsewhere everything",
};
