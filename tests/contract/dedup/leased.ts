import type { Claim } from "#lib/dedup/dedup";

export const LEASED = { lease: "30 seconds", window: "5 minutes" } as const;

/** Returns the token of a first claim. */
export function tokenOf(claim: Claim) {
  if (claim.state !== "first") throw new Error(`The claim is ${claim.state}.`);
  return claim.token;
}
