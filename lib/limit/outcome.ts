import { type Decision, decided } from "#lib/core/decision";
import { type Charged, type Charges, DECIDING, fullGroups, takenOf } from "./charge.ts";
import type { Admission } from "./last-counts.ts";
import type { LocalSettlement } from "./local.ts";

/** What came of a check: the decision, what is left to do, and what a refund gives back. */
export interface Outcome {
  readonly decision: Decision;
  /**
   * What is left to do after the response: to report a request that was allowed before the store was
   * asked, or to restore what this process counted while the store was unavailable.
   */
  readonly due?: { readonly report: Admission } | "restore" | undefined;
  /** What was taken: in the store, or in this process. */
  readonly taken?: readonly Charged[] | LocalSettlement | undefined;
}

/** Returns the decision that the store's answer comes to. */
export function decisionOf({ rules }: Charges, charged: readonly Charged[]): Decision {
  const full = fullGroups(charged);
  const statusesOf = (group: number) =>
    charged.filter(({ charge }) => charge.group === group).map(({ status }) => status);
  return decided(statusesOf(DECIDING), {
    shadows: rules.shadows.map(({ rule }, i) => ({
      rule,
      allowed: !full.has(i + 1),
      limits: statusesOf(i + 1),
    })),
    at: Math.max(0, ...charged.map(({ at }) => at)),
    counted: "in-store",
  });
}

/** Returns what came of a check that the store answered, and consumed where there was capacity. */
export function outcomeOf(charges: Charges, charged: readonly Charged[]): Outcome {
  const taken = takenOf(charged);
  return { decision: decisionOf(charges, charged), taken: taken.length > 0 ? taken : undefined };
}
