import type { Decision } from "#lib/core/decision";
import type { GateMode } from "#lib/core/mode";

/** The rule of a decision that no rule made: a body that Next would cut, or a blocked client on any other path. */
export const NO_RULE = "(none)";

/**
 * Returns what became of a request without a count: "blocked" for a blocked client, "uncounted" for one that is
 * allowed by a list or has no limit; undefined where something else decided.
 */
export function outcomeWithoutCount(
  { reason }: Decision,
  mode: GateMode,
): "blocked" | "shadow_denied" | "uncounted" | undefined {
  if (reason === "blocked") return mode === "shadow" ? "shadow_denied" : "blocked";
  return reason === "allow-listed" || reason === "unlimited" ? "uncounted" : undefined;
}
