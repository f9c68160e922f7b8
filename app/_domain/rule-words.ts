import { formatDuration } from "#lib/core/duration";
import type { CompiledLimit, CompiledRule, OnStoreFailure, Subject } from "#lib/policy/types";

/** A rule as people read it. */
export interface RuleWords {
  readonly name: string;
  readonly paths: readonly string[];
  readonly methods: string;
  readonly limits: readonly { readonly amount: string; readonly who: string }[];
  /** The rules that do not apply where this one does. */
  readonly replaces: readonly string[];
  readonly onStoreFailure: string;
}

/** Puts a rule into words. */
export function describeRule(rule: CompiledRule): RuleWords {
  return {
    name: rule.name,
    paths: rule.match,
    methods: rule.methods ? [...rule.methods].join(", ") : "every method but OPTIONS",
    limits: rule.limits.map((limit) => ({ amount: amount(limit), who: who(limit.subject) })),
    replaces: rule.replaces,
    onStoreFailure: STORE_FAILURE[rule.onStoreFailure],
  };
}

const STORE_FAILURE: Readonly<Record<OnStoreFailure, string>> = {
  allow: "requests pass, uncounted",
  deny: "requests are refused (503)",
  local: "requests pass, uncounted until each instance can count by itself",
};

/** Identities whose name alone does not say who is meant. */
const CALLED: Readonly<Record<string, string>> = {
  ip: "address",
  user: "signed-in user",
};

function amount({ limit, windowMs, cost }: CompiledLimit): string {
  const quota = `${limit.toLocaleString("en")} per ${formatDuration(windowMs)}`;
  return cost === 1 ? quota : `${quota}, each request takes ${cost}`;
}

function who({ kind, names }: Subject): string {
  if (kind === "global") return "everybody together";
  const called = names.map((name) => CALLED[name] ?? name);
  if (kind === "all") return `each pair of ${called.join(" and ")}`;
  // Whoever has none of the identities is counted by address.
  const fallback = names.includes("ip") ? [] : ["address"];
  return [...called, ...fallback].map((name) => `each ${name}`).join(", else ");
}
