import { candidatesOf, type MatchingRules } from "./candidates.ts";
import { pathReadings, rawPages } from "./path.ts";
import type { Pattern } from "./pattern.ts";
import type { Follow } from "./rewrites.ts";
import type { Candidates, CompiledPolicy, CompiledRule } from "./types.ts";

/** A rule and where it applies; indexes are the rules' order in the policy. */
export interface MatchableRule {
  readonly rule: CompiledRule;
  readonly patterns: readonly Pattern[];
}

type Takes = (rule: CompiledRule) => boolean;

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
 * @param localize the other spellings of a path, in the app's locales, that its own middleware takes for
 * the same path; undefined where it has no locales
 */
export function createMatcher(
  rules: readonly MatchableRule[],
  exempt: readonly Pattern[],
  follow: Follow | undefined,
  localize: Follow | undefined,
): CompiledPolicy["rulesFor"] {
  const patterns = rules.map((rule) => rule.patterns);
  /** A path in a locale is the same path: what matches either matches both. */
  const inEveryLocale = (search: (path: string) => readonly number[]) => {
    if (!localize) return search;
    return (path: string) => [...new Set([path, ...(localize([path]) ?? [])].flatMap(search))];
  };
  const find = inEveryLocale(patternIndex(patterns, "is"));
  // Routes tell letters of different case apart: what differs in one may be another's path.
  const findExact = inEveryLocale(patternIndex(patterns, "s"));
  const findExempt = inEveryLocale(patternIndex([exempt], "s"));
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

  /** Whether those that replace others are meant by the very path. */
  const mayReplace = (reading: string, indexes: readonly number[]): boolean => {
    if (isTooLong(reading)) return false;
    const replacing = indexes.filter((index) => rules[index]?.rule.replaces.length);
    if (replacing.length === 0) return true;
    const exact = findExact(reading);
    return replacing.every((index) => exact.includes(index));
  };

  const matchingOn = (readings: readonly string[], takes: Takes): readonly MatchingRules[] => {
    const found = readings.map((reading) => find(reading));
    if (found.every((indexes) => indexes.length === 0) || readings.every(isExempt)) return [];
    return readings.flatMap((reading, i) => {
      const inOrder = (found[i] ?? []).toSorted((a, b) => a - b);
      const taking = inOrder.flatMap((index) => rules[index]?.rule ?? []).filter(takes);
      return taking.length > 0 ? [{ rules: taking, mayReplace: mayReplace(reading, inOrder) }] : [];
    });
  };

  /** Wherever the path may lead: every rule that matches any path. */
  const matchingAll = (takes: Takes): readonly MatchingRules[] => {
    const taking = rules
      .filter(({ patterns, rule }) => patterns.length > 0 && takes(rule))
      .map(({ rule }) => rule);
    return taking.length > 0 ? [{ rules: taking, mayReplace: false }] : [];
  };

  return (method, pathname, hasLocales = false, prefetches = false) => {
    const readings = readingsOf(pathname, hasLocales);
    const takes = (rule: CompiledRule) =>
      takesMethod(rule, method) && takesPrefetch(rule, prefetches);
    const matching = readings ? matchingOn(readings, takes) : matchingAll(takes);
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

/** A rule that counts prefetches apart counts visits alone, and the rule beside it prefetches alone. */
function takesPrefetch(
  { prefetchTimes, isForPrefetches = false }: CompiledRule,
  prefetches: boolean,
): boolean {
  return prefetchTimes === undefined || isForPrefetches === prefetches;
}

/**
 * Finds which of several lists of patterns match a path: literal ones by a map, and of the others those
 * in turn whose head the path begins with. So the cost grows with the lengths of heads, and not with
 * the number of rules.
 *
 * @param flags of a regular expression: with "i" letters match in any case
 */
function patternIndex(
  lists: readonly (readonly Pattern[])[],
  flags: "is" | "s",
): (path: string) => readonly number[] {
  const inCase = (text: string) => (flags === "is" ? text.toLowerCase() : text);
  const literals = new Map<string, number[]>();
  const heads = new Map<string, { readonly expression: RegExp; readonly index: number }[]>();
  for (const [index, patterns] of lists.entries()) {
    for (const pattern of patterns) {
      if ("expression" in pattern) {
        const { head } = pattern;
        const expression = new RegExp(pattern.expression, flags);
        heads.set(head, [...(heads.get(head) ?? []), { expression, index }]);
        continue;
      }
      const literal = inCase(pattern.literal);
      literals.set(literal, [...(literals.get(literal) ?? []), index]);
    }
  }
  const lengths = new Set([...heads.keys()].map(({ length }) => length));
  return (path) => {
    const found = [...(literals.get(inCase(path)) ?? [])];
    const lower = path.toLowerCase();
    for (const length of lengths) {
      const head = lower.slice(0, length);
      if (head.length < length) continue;
      for (const { expression, index } of heads.get(head) ?? []) {
        if (isTooLong(path) || expression.test(path)) found.push(index);
      }
    }
    return found;
  };
}
