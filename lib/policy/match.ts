import { pathReadings } from "./path.ts";
import type { Pattern } from "./pattern.ts";
import type { CompiledRule, OnStoreFailure, RuleSet } from "./types.ts";

/** A rule and where it applies; indexes are the rules' order in the policy. */
export interface MatchableRule {
  readonly rule: CompiledRule;
  readonly patterns: readonly Pattern[];
}

/** More sets than this are made anew each time: a policy of many overlapping rules keeps no more. */
const MAX_SETS = 1000;

const STRICTNESS: readonly OnStoreFailure[] = ["allow", "local", "deny"];

/** Makes the function that finds the rules of a request. Everything that can be done at start is done here. */
export function createMatcher(
  rules: readonly MatchableRule[],
  exempt: readonly Pattern[],
): (method: string, pathname: string) => RuleSet | undefined {
  const find = patternIndex(rules.map(({ patterns }) => patterns));
  const findExempt = patternIndex([exempt]);
  const sets = new Map<string, RuleSet>();

  return (method, pathname) => {
    const readings = pathReadings(pathname);
    const found = new Set(readings.flatMap((reading) => find(reading)));
    if (found.size === 0) return undefined;
    if (readings.every((reading) => findExempt(reading).length > 0)) return undefined;

    const applying = rules.filter(({ rule }, i) => found.has(i) && takesMethod(rule, method));
    const replaced = new Set(applying.flatMap(({ rule }) => rule.replaces));
    const left = applying.map(({ rule }) => rule).filter(({ name }) => !replaced.has(name));
    if (left.length === 0) return undefined;

    const id = left.map(({ name }) => name).join(",");
    const known = sets.get(id);
    if (known) return known;
    const made = ruleSetOf(left);
    if (sets.size < MAX_SETS) sets.set(id, made);
    return made;
  };
}

/** Puts rules together that are settled together. */
export function ruleSetOf(rules: readonly CompiledRule[]): RuleSet {
  return {
    id: rules.map(({ name }) => name).join(","),
    rules,
    limits: rules.flatMap(({ limits }) => limits),
    onStoreFailure: strictest(rules.map(({ onStoreFailure }) => onStoreFailure)),
  };
}

function strictest(modes: readonly OnStoreFailure[]): OnStoreFailure {
  return STRICTNESS.findLast((mode) => modes.includes(mode)) ?? "allow";
}

/** HEAD is a GET without a body. A preflight asks for nothing, so it is free unless a rule names it. */
function takesMethod({ methods }: CompiledRule, method: string): boolean {
  if (!methods) return method !== "OPTIONS";
  return methods.has(method) || (method === "HEAD" && methods.has("GET"));
}

/** Finds which of several lists of patterns match a path: literal ones by a map, the others in turn. */
function patternIndex(lists: readonly (readonly Pattern[])[]): (path: string) => readonly number[] {
  const literals = new Map<string, number[]>();
  const expressions: { readonly expression: RegExp; readonly index: number }[] = [];
  for (const [index, patterns] of lists.entries()) {
    for (const pattern of patterns) {
      if ("expression" in pattern) expressions.push({ expression: pattern.expression, index });
      else literals.set(pattern.literal, [...(literals.get(pattern.literal) ?? []), index]);
    }
  }
  return (path) => {
    const matched = expressions.filter(({ expression }) => expression.test(path));
    const literal = literals.get(path.toLowerCase()) ?? [];
    return [...literal, ...matched.map(({ index }) => index)];
  };
}
