import type { CompiledPolicy, CompiledRule, RuleSet } from "#lib/policy/types";

/** How one rule applies to one request. */
export interface ExplainedRule {
  readonly name: string;
  /** "decides"; "shadow" for a rule that counts and denies nothing; "replaced"; or "no". */
  readonly applies: "decides" | "shadow" | "replaced" | "no";
  /** The pattern that matches; undefined when none does. */
  readonly pattern?: string | undefined;
  /** Why the rule does not apply, or does not decide. */
  readonly why?: string;
  /** True when the rule would match a similar request. */
  readonly isNear?: boolean;
}

/** The parts of a request by which rules match. */
export interface MatchedRequest {
  readonly method: string;
  readonly pathname: string;
  readonly hasLocales: boolean;
  readonly prefetches: boolean;
}

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** Returns for each rule of a policy whether it applies to a request, and why if it does not. */
export function explainRules(
  policy: CompiledPolicy,
  request: MatchedRequest,
  { applying, isExempt }: { readonly applying: RuleSet | undefined; readonly isExempt: boolean },
): readonly ExplainedRule[] {
  const { method, pathname, hasLocales, prefetches } = request;
  const match = policy.match(method, pathname, hasLocales, prefetches);
  if (isExempt) {
    return [...policy.rules.keys()].map((name) => ({ name, applies: "no", why: "it is exempt" }));
  }
  return [...policy.rules.values()].map((rule) => {
    const { name } = rule;
    const pattern = match?.patterns[name];
    if (applying?.rules.includes(rule)) return { name, applies: "decides", pattern };
    if (applying?.shadows.some((shadow) => shadow.rule === name)) {
      return { name, applies: "shadow", pattern, why: shadowWords(rule) };
    }
    if (match?.rules.includes(rule)) {
      return { name, applies: "replaced", pattern, why: replacedWords(rule, match.rules) };
    }
    return { name, applies: "no", ...whyNot(policy, rule, request) };
  });
}

function shadowWords({ enforced }: CompiledRule): string {
  return enforced === 0
    ? "it is in shadow: it is counted and denies no request"
    : `it decides for ${enforced}% of the clients, and this client is not among them`;
}

function replacedWords({ name }: CompiledRule, matching: readonly CompiledRule[]): string {
  const by = matching.filter(({ replaces }) => replaces.includes(name)).map((rule) => rule.name);
  return `${by.join(" and ")} replaces it`;
}

function whyNot(
  policy: CompiledPolicy,
  rule: CompiledRule,
  { method, pathname, hasLocales, prefetches }: MatchedRequest,
): Pick<ExplainedRule, "why" | "isNear"> {
  const matches = (other: string, path: string, prefetch: boolean) =>
    policy.match(other, path, hasLocales, prefetch)?.rules.includes(rule) === true;
  if (rule.match.length === 0) return { why: "it has no match: handlers call it by name" };
  if (matches(method, pathname, !prefetches)) {
    const which = prefetches ? "it counts visits, and this is a prefetch" : "it counts prefetches";
    return { why: which, isNear: true };
  }
  const taken = METHODS.filter((other) => matches(other, pathname, prefetches));
  if (taken.length > 0) {
    return { why: `it counts ${taken.join(", ")}, not ${method}`, isNear: true };
  }
  const patterns = rule.match.join(", ");
  const similar = similarPaths(pathname).find((path) => matches(method, path, prefetches));
  if (similar === undefined) return { why: `its pattern does not match: ${patterns}` };
  return { why: `its pattern matches ${similar}, but not this path: ${patterns}`, isNear: true };
}

/** Returns the path without its last segment, and with one more segment. */
function similarPaths(pathname: string): readonly string[] {
  const trimmed = pathname.replace(/\/+$/, "");
  const above = trimmed.slice(0, trimmed.lastIndexOf("/")) || "/";
  return [above, `${trimmed}/x`].filter((path) => path !== pathname);
}
