import { pathReadings } from "./path.ts";
import type { Expression, Pattern } from "./pattern.ts";
import type { CompiledRule, OnStoreFailure, RuleSet } from "./types.ts";

/** A rule and where it applies; indexes are the rules' order in the policy. */
export interface MatchableRule {
  readonly rule: CompiledRule;
  readonly patterns: readonly Pattern[];
}

/**
 * Characters in a reading. Above, an expression could take long to fail, so its head alone decides:
 * the stricter way, which is never exempt and never replaced.
 */
const MAX_MATCHED_LENGTH = 2048;

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

  const isExempt = (reading: string) => !isTooLong(reading) && findExempt(reading).length > 0;

  return (method, pathname) => {
    const readings = pathReadings(pathname);
    const found = readings.map((reading) => find(reading));
    if (found.every((indexes) => indexes.length === 0)) return undefined;
    if (readings.every(isExempt)) return undefined;

    const applying = new Set(
      readings.flatMap((reading, i) => {
        const matching = (found[i] ?? []).flatMap((index) => rules[index]?.rule ?? []);
        const taking = matching.filter((rule) => takesMethod(rule, method));
        return isTooLong(reading) ? taking : withoutReplaced(taking);
      }),
    );
    const left = rules.map(({ rule }) => rule).filter((rule) => applying.has(rule));
    if (left.length === 0) return undefined;

    const id = left.map(({ name }) => name).join(",");
    const known = sets.get(id);
    if (known) return known;
    const made = ruleSetOf(left);
    if (sets.size < MAX_SETS) sets.set(id, made);
    return made;
  };
}

/**
 * One reading's rules only: a rule that matches another reading of the path replaces none of them,
 * or a second spelling would lead around the stricter rule.
 */
function withoutReplaced(rules: readonly CompiledRule[]): readonly CompiledRule[] {
  const replaced = new Set(rules.flatMap(({ replaces }) => replaces));
  return rules.filter(({ name }) => !replaced.has(name));
}

function isTooLong(reading: string): boolean {
  return reading.length > MAX_MATCHED_LENGTH;
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
  const expressions: { readonly pattern: Expression; readonly index: number }[] = [];
  for (const [index, patterns] of lists.entries()) {
    for (const pattern of patterns) {
      if ("expression" in pattern) expressions.push({ pattern, index });
      else literals.set(pattern.literal, [...(literals.get(pattern.literal) ?? []), index]);
    }
  }
  return (path) => {
    const matched = expressions.filter(({ pattern }) => matches(pattern, path));
    const literal = literals.get(path.toLowerCase()) ?? [];
    return [...literal, ...matched.map(({ index }) => index)];
  };
}

function matches({ expression, head }: Expression, path: string): boolean {
  return isTooLong(path) ? path.toLowerCase().startsWith(head) : expression.test(path);
}
