import type { Environment } from "#config/app-env";

/** The users that the start page signs in with a click, by role. They have no password. */
export const SAMPLE_USERS = { user: "sample-artist", admin: "sample-admin" } as const;

const LOOPBACK = new Set(["127.0.0.1", "[::1]", "localhost"]);

/**
 * Returns true when this app signs in sample users for a request. By default it signs in none; with
 * SAMPLE_SIGN_IN=1 it does so at every address. "loopback", which `npm start` sets for the secret that
 * it makes, allows a Host that is this machine. A page of another site never has such a Host, even when
 * its name resolves to this machine.
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
