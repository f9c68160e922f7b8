import type { Decision } from "#lib/core/decision";
import type { GateMode } from "#lib/core/mode";

/**
 * The rule name of a decision without a rule: for a body that Next would truncate, or for a blocked client on
 * a path without rules.
 */
export const NO_RULE = "(none)";

/**
 * Returns the outcome of a request that was not counted: "blocked" for a blocked client, "uncounted" for a
 * client that a list allows or that has no limit. Returns undefined when something else decided.
 */
export function outcomeWithoutCount(
  { reason }: Decision,
  mode: GateMode,
): "blocked" | "shadow_denied" | "uncounted" | undefined {
  if (reason === "blocked") return mode === "shadow" ? "shadow_denied" : "blocked";
  return reason === "allow-listed" || reason === "unlimited" ? "uncounted" : undefined;
}
