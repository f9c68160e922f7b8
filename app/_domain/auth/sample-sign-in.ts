import type { Environment } from "#config/app-env";

/** The users that the start page signs in by a click, by role. Neither has a password. */
export const SAMPLE_USERS = { user: "sample-artist", admin: "sample-admin" } as const;

const LOOPBACK = new Set(["127.0.0.1", "[::1]", "localhost"]);

/**
 * Returns true when this app signs in sample users for a request: nowhere by default, at every address
 * with SAMPLE_SIGN_IN=1, and with "loopback", which `npm start` sets for its own secret, where the Host
 * is this machine. No other site's page has such a Host, also where its name leads to this machine.
 */
export function offersSampleSignIn(
  { headers }: Pick<Request, "headers">,
  { sampleSignIn, auth }: Pick<Environment, "sampleSignIn" | "auth">,
): boolean {
  if (auth.secrets.length === 0) return false;
  if (sampleSignIn !== "loopback") return sampleSignIn === "everywhere";
  const site = `http://${headers.get("host") ?? ""}`;
  return URL.canParse(site) && LOOPBACK.has(new URL(site).hostname);
}
