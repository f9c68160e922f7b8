import type { ClientQuery } from "#lib/inspect";
import type { OpenGate } from "./open-gate.ts";

/** Returns a line about the tier of a rule; undefined when the tier is certain. */
export type TierHint = (rule: string) => string | undefined;

/**
 * Explains why a rule's first tier is shown: the query does not name the identity that decides the tier, and a
 * client without it has the first tier.
 */
export function tierHints({ policy }: OpenGate["gate"], query: ClientQuery): TierHint {
  return (rule) => {
    const tiers = policy.rules.get(rule)?.tiers;
    if (!tiers || query.key !== undefined || query.identities?.[tiers.identity]) return undefined;
    return `  the tier of a client without ${tiers.identity}; for another tier use --identity ${tiers.identity}=…`;
  };
}
