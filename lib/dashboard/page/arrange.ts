import type { RuleNow } from "#lib/dashboard/model";

/** The order of rules: the policy's own, or by a count of the last hour. */
export type Order = "policy" | "denied" | "shadowDenied";

/** Returns the rules whose names contain a text, in an order. */
export function arranged(
  rules: readonly RuleNow[],
  search: string,
  order: Order,
): readonly RuleNow[] {
  const wanted = search.trim().toLowerCase();
  const found = rules.filter(({ name }) => name.toLowerCase().includes(wanted));
  if (order === "policy") return found;
  return found.sort((one, other) => other.lastHour[order] - one.lastHour[order]);
}
