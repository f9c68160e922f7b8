import type { LimitStatus, ShadowOutcome } from "#lib/core/decision";
import type { RuleSet } from "#lib/policy/types";
import { type Charged, DECIDING, fullGroups, takenOf } from "./charge.ts";

/** What was settled: all limits of a rule set for their clients. */
export interface Settlement {
  readonly passed: boolean;
  /** Milliseconds since 1970 on Redis's clock. */
  readonly at: number;
  readonly limits: readonly LimitStatus[];
  readonly shadows: readonly ShadowOutcome[];
  /** What was taken, for giving it back. */
  readonly taken: readonly Charged[];
}

/** Says of charges what they came to together. */
export function settlementOf({ shadows }: RuleSet, charged: readonly Charged[]): Settlement {
  const full = fullGroups(charged);
  const statusesOf = (group: number) =>
    charged.filter(({ charge }) => charge.group === group).map(({ status }) => status);
  return {
    passed: !full.has(DECIDING),
    at: Math.max(0, ...charged.map(({ at }) => at)),
    limits: statusesOf(DECIDING),
    shadows: shadows.map(({ rule }, i) => ({
      rule,
      allowed: !full.has(i + 1),
      limits: statusesOf(i + 1),
    })),
    taken: takenOf(charged),
  };
}
