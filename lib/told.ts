import type { Decision } from "#lib/core/decision";
import type { CompiledRule, RuleSet } from "#lib/policy/types";

/**
 * The decision as the answer to one request may tell it. An allowed answer tells the limits of rules
 * that say so, since a cache may give it to other clients. Limits that count all clients together are
 * told on request alone: how they stand is what others do. How long to wait stays.
 */
export function toldOf(
  decision: Decision,
  { rules }: RuleSet,
  method: string,
  showGlobalLimits: boolean,
): Decision {
  const telling = decision.allowed ? rules.filter((rule) => tellsAlways(rule, method)) : rules;
  const names = new Set(telling.map(({ name }) => name));
  const limits = decision.limits.filter(
    ({ rule, global }) => names.has(rule) && (showGlobalLimits || !global),
  );
  return { ...decision, limits };
}

function tellsAlways({ headers }: CompiledRule, method: string): boolean {
  if (headers !== undefined) return headers === "always";
  return method !== "GET" && method !== "HEAD";
}
