import { formatDuration } from "#lib/core/duration";
import type {
  CompiledLimit,
  CompiledPolicy,
  CompiledRule,
  OnStoreFailure,
} from "#lib/policy/types";
import type { LimitWords } from "./model.ts";

/** A rule of the policy, as text. */
export interface RuleWords {
  readonly name: string;
  readonly limits: readonly LimitWords[];
  readonly enforced: number;
  readonly onStoreFailure: OnStoreFailure;
}

/** Returns the rules of a policy as text, in their order. */
export function rulesInWords(policy: Pick<CompiledPolicy, "rules">): readonly RuleWords[] {
  return [...policy.rules.values()].map((rule) => ({
    name: rule.name,
    limits: limitsOf(rule),
    enforced: rule.enforced,
    onStoreFailure: rule.onStoreFailure,
  }));
}

function limitsOf({ tiers, limits }: CompiledRule): readonly LimitWords[] {
  if (!tiers) return limits.map((limit) => inWords(limit));
  return [...tiers.limits].flatMap(([value, ofValue]) =>
    ofValue.map((limit) => inWords(limit, `${tiers.identity} ${value}`)),
  );
}

function inWords(
  { policyName, limit, windowMs, cost, subject }: CompiledLimit,
  tier?: string,
): LimitWords {
  const amount = `${limit.toLocaleString("en")} per ${formatDuration(windowMs)}`;
  return {
    name: policyName,
    amount: cost === 1 ? amount : `${amount}, ${cost} a request`,
    who: subject.expression,
    ...(tier !== undefined && { tier }),
  };
}
