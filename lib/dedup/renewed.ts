import type { Duration } from "#lib/core/duration";
import { HeadgateError } from "#lib/core/errors";
import { startRenewal } from "#lib/core/renewal";
import type { ToolParts } from "#lib/core/tool-parts";
import type { Claims, ClaimToken } from "./claim.ts";

/** The longest time that work holds its claim, unless its options say otherwise. */
export const MAX_HOLD: Duration = "15 minutes";

export interface AtWork {
  readonly token: ClaimToken;
  /** When the claim was requested, in milliseconds of the monotonic clock. */
  readonly requestedAt: number;
  /** The longest time that renewal holds the claim, in milliseconds. */
  readonly maxHold: number;
}

/**
 * Renews a claim after each third of its lease while its work runs. It never throws: the loss of the
 * claim is reported once, as an event.
 *
 * @returns the function that ends the renewal; call it when the work has ended
 */
export function renewClaim(
  claims: Pick<Claims, "extend">,
  { token, requestedAt, maxHold }: AtWork,
  { emit, time }: Pick<ToolParts, "emit" | "time">,
): () => void {
  let cause: unknown;
  const renewal = startRenewal({
    ttl: token.lease,
    maxHold,
    requestedAt,
    time,
    async extend(ms) {
      const isHeld = await claims.extend(token, ms / 1000);
      cause = undefined;
      return isHeld;
    },
    onFailure: (error) => void (cause = error),
    onLost(why) {
      const message = why === "taken" ? TAKEN : cause === undefined ? ENDED : FAILED;
      const error = new HeadgateError("DEDUP_CLAIM_LOST", message, { cause });
      emit({ kind: "dedup", state: "lost", error });
    },
  });
  return () => renewal.end();
}

const TAKEN =
  "The claim belongs to another caller, or the store lost it, while its work still runs: the work may be done twice.";
const FAILED =
  "The store failed for the whole lease of the claim, while its work still runs: the work may be done twice.";
const ENDED =
  "The claim's lease ended while its work still runs: the work may be done twice. maxHold must be longer than the work, and the lease longer than any pause of the process.";
