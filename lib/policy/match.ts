import { candidatesOf, type MatchingRules } from "./candidates.ts";
import { pathReadings, rawPages } from "./path.ts";
import type { Expression, Pattern } from "./pattern.ts";
import type { Follow } from "./rewrites.ts";
import type { Candidates, CompiledRule } from "./types.ts";

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

/** More than this are made anew each time: a policy of many overlapping rules keeps no more. */
const MAX_KEPT = 1000;

/**
 * Makes the function that finds the rules of a request. Everything that can be done at start is done
 * here.
 *
 * @param follow where the app's rewrites lead; undefined where it has none
 */
export function createMatcher(
  rules: readonly MatchableRule[],
  exempt: readonly Pattern[],
  follow: Follow | undefined,
): (method: string, pathname: string, hasLocales?: boolean) => Candidates | undefined {
  const find = patternIndex(rules.map(({ patterns }) => patterns));
  const findExempt = patternIndex([exempt]);
  const kept = new Map<string, Candidates>();

  const isExempt = (reading: string) => !isTooLong(reading) && findExempt(reading).length > 0;

  /** Every reading of the path, and of where rewrites lead it; undefined where those are too many. */
  const readingsOf = (pathname: string, hasLocales: boolean): readonly string[] | undefined => {
    const readings = pathReadings(pathname, hasLocales);
    if (!follow) return readings;
    const led = follow([...new Set([...rawPages(pathname, hasLocales), ...readings])]);
    if (led === undefined || led.length === 0) return led && readings;
    return [...new Set([...readings, ...led.flatMap((path) => pathReadings(path, hasLocales))])];
  };

  const matchingOn = (readings: readonly string[], method: string): readonly MatchingRules[] => {
    const found = readings.map((reading) => find(reading));
    if (found.every((indexes) => indexes.length === 0) || readings.every(isExempt)) return [];
    return readings.flatMap((reading, i) => {
      const inOrder = (found[i] ?? []).toSorted((a, b) => a - b);
      const taking = inOrder
        .flatMap((index) => rules[index]?.rule ?? [])
        .filter((rule) => takesMethod(rule, method));
      return taking.length > 0 ? [{ rules: taking, mayReplace: !isTooLong(reading) }] : [];
    });
  };

  /** Wherever the path may lead: every rule that matches any path. */
  const matchingAll = (method: string): readonly MatchingRules[] => {
    const taking = rules
      .filter(({ patterns, rule }) => patterns.length > 0 && takesMethod(rule, method))
      .map(({ rule }) => rule);
    return taking.length > 0 ? [{ rules: taking, mayReplace: false }] : [];
  };

  return (method, pathname, hasLocales = false) => {
    const readings = readingsOf(pathname, hasLocales);
    const matching = readings ? matchingOn(readings, method) : matchingAll(method);
    if (matching.length === 0) return undefined;

    const id = matching.map(idOf).join("|");
    const known = kept.get(id);
    if (known) return known;
    const made = candidatesOf(matching);
    if (kept.size < MAX_KEPT) kept.set(id, made);
    return made;
  };
}

function idOf({ rules, mayReplace }: MatchingRules): string {
  return `${mayReplace ? "" : "!"}${rules.map(({ name }) => name).join(",")}`;
}

function isTooLong(reading: string): boolean {
  return reading.length > MAX_MATCHED_LENGTH;
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
