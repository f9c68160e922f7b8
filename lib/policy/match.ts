import { BoundedMap } from "#lib/core/bounded-map";
import { matchOf } from "./select.ts";
import { pathReadings, rawPages, routedPath } from "./path.ts";
import type { Pattern } from "./pattern.ts";
import { isPrefetch } from "./prefetch.ts";
import type { Follow } from "./rewrites.ts";
import { inEach, type LocalePaths, spellInLocales, type Spellings } from "./locale-spellings.ts";
import type { CompiledPolicy, CompiledRule, Match, Reading } from "./types.ts";

/** A rule and where it applies; indexes are the rules' order in the policy. */
export interface MatchableRule {
  readonly rule: CompiledRule;
  readonly patterns: readonly Pattern[];
}

/** Returns the rules that match a request; undefined where none does or the path is exempt. */
export function matchRequest(policy: CompiledPolicy, request: Request): Match | undefined {
  const { pathname, hasLocales } = routedPath(request);
  const prefetches = policy.tellsPrefetches && isPrefetch(request);
  return policy.match(request.method, pathname, hasLocales, prefetches);
}

/** A pattern, and the rule that has it. */
interface OfRule {
  readonly rule: CompiledRule;
  readonly pattern: Pattern;
  /** As it is written in the policy. */
  readonly text: string;
}

/** A reading, and the indexes of the patterns that match it. */
interface Matching extends Reading {
  readonly patterns: readonly number[];
}

/** Returns the indexes of the lists that match a path. */
type Find = (path: string) => readonly number[];

type Takes = (rule: CompiledRule) => boolean;

/**
 * Characters in a reading. Above, an expression could take long to fail, so its head alone decides:
 * the stricter way, which is never exempt and never replaced.
 */
const MAX_MATCHED_LENGTH = 2048;

/** Matches that are kept at most; a policy of many overlapping rules has more. */
const MAX_KEPT = 1000;

/** Longer requests are searched for anew, so that what clients send cannot fill the memory. */
const MAX_FOUND_LENGTH = 200;

/** Finds the rules of a request. Everything that can be done at start is done in its constructor. */
export class Matcher {
  /** Every pattern of every rule, in the order of the policy. */
  readonly #patterns: readonly OfRule[];
  readonly #follow: Follow | undefined;
  readonly #locales: LocalePaths | undefined;
  readonly #find: Find;
  /** Routes tell letters of different case apart: a path that differs in one may be another route's. */
  readonly #findExact: Find;
  readonly #findExempt: Find;
  readonly #kept = new BoundedMap<string, Match>(MAX_KEPT);
  /** What was found for requests, by all that it depends on. */
  readonly #found = new BoundedMap<string, { readonly match: Match | undefined }>(MAX_KEPT);

  /**
   * @param follow where the app's rewrites lead; undefined where it has none
   * @param locales undefined where the app's own middleware puts no locale before its paths
   */
  constructor(
    rules: readonly MatchableRule[],
    exempt: readonly Pattern[],
    follow: Follow | undefined,
    locales: LocalePaths | undefined,
  ) {
    this.#patterns = rules.flatMap(({ rule, patterns }) =>
      patterns.map((pattern, i) => ({ rule, pattern, text: rule.match[i] ?? "" })),
    );
    const patterns = this.#patterns.map(({ pattern }) => [pattern]);
    this.#follow = follow;
    this.#locales = locales;
    this.#find = patternIndex(patterns, "is");
    this.#findExact = patternIndex(patterns, "s");
    this.#findExempt = patternIndex([exempt], "s");
  }

  /** Returns the rules that match; undefined where none does or the path is exempt. */
  match(
    method: string,
    pathname: string,
    hasLocales = false,
    prefetches = false,
  ): Match | undefined {
    if (method.length + pathname.length > MAX_FOUND_LENGTH) {
      return this.#search(method, pathname, hasLocales, prefetches);
    }
    const request = `${hasLocales ? "l" : ""}${prefetches ? "p" : ""} ${method} ${pathname}`;
    const known = this.#found.get(request);
    if (known) return known.match;
    const match = this.#search(method, pathname, hasLocales, prefetches);
    this.#found.set(request, { match });
    return match;
  }

  #search(
    method: string,
    pathname: string,
    hasLocales: boolean,
    prefetches: boolean,
  ): Match | undefined {
    const takes = (rule: CompiledRule) =>
      takesMethod(rule, method) && takesPrefetch(rule, prefetches);
    const spelled = this.#readingsOf(pathname, hasLocales)?.map((reading) => this.#spell(reading));
    const isKnown = spelled?.every((each) => each !== undefined);
    const matching = isKnown ? this.#matchingOn(spelled, takes) : this.#matchingAll(takes);
    if (matching.length === 0) return undefined;

    const id = matching.map(idOf).join("|");
    const known = this.#kept.get(id);
    if (known) return known;
    const made = matchOf(matching, this.#textsOf(matching));
    this.#kept.set(id, made);
    return made;
  }

  /** Every reading of the path, and of where rewrites lead it; undefined where those are too many. */
  #readingsOf(pathname: string, hasLocales: boolean): readonly string[] | undefined {
    const readings = pathReadings(pathname, hasLocales);
    if (!this.#follow) return readings;
    const paths = [...new Set([...rawPages(pathname, hasLocales), ...readings])];
    // The app's middleware puts the locale before a path, and then rewrites may look for it.
    const led = this.#follow([...paths, ...paths.flatMap((path) => inEach(this.#locales, path))]);
    if (led === undefined || led.length === 0) return led && readings;
    return [...new Set([...readings, ...led.flatMap((path) => pathReadings(path, hasLocales))])];
  }

  #spell(reading: string): Spellings | undefined {
    const locales = this.#locales;
    if (!locales) return { matched: [reading], certain: [reading] };
    return spellInLocales(locales, reading);
  }

  /** The pattern by which each rule matches, as it is written in the policy. */
  #textsOf(matching: readonly Matching[]): Readonly<Record<string, string>> {
    const indexes = matching.flatMap(({ patterns }) => patterns).toReversed();
    const texts = indexes.flatMap((index) => this.#patterns[index] ?? []);
    return Object.fromEntries(texts.map(({ rule, text }) => [rule.name, text]));
  }

  #matchingOn(readings: readonly Spellings[], takes: Takes): readonly Matching[] {
    const found = readings.map((spellings) => ({
      spellings,
      indexes: [...new Set(spellings.matched.flatMap(this.#find))],
    }));
    const isFree = found.every(({ indexes }) => indexes.length === 0);
    if (isFree || readings.every((spellings) => this.#isExempt(spellings))) return [];
    return found.flatMap(({ spellings, indexes }) => {
      const inOrder = indexes.toSorted((a, b) => a - b);
      const patterns = inOrder.filter((index) => takes(this.#ruleOf(index)));
      if (patterns.length === 0) return [];
      const rules = [...new Set(patterns.map((index) => this.#ruleOf(index)))];
      return [{ rules, patterns, mayReplace: this.#mayReplace(spellings, inOrder) }];
    });
  }

  /** Wherever the path may lead: every rule that matches any path. */
  #matchingAll(takes: Takes): readonly Matching[] {
    const patterns = [...this.#patterns.keys()].filter((index) => takes(this.#ruleOf(index)));
    const rules = [...new Set(patterns.map((index) => this.#ruleOf(index)))];
    return rules.length > 0 ? [{ rules, patterns, mayReplace: false }] : [];
  }

  #ruleOf(index: number): CompiledRule {
    return (this.#patterns[index] as OfRule).rule;
  }

  #isExempt({ certain }: Spellings): boolean {
    return certain.some((path) => !isTooLong(path) && this.#findExempt(path).length > 0);
  }

  /**
   * Whether each rule that replaces others matches the path in its very letters. One of its patterns is
   * enough: another may match in other letters beside it.
   */
  #mayReplace({ certain }: Spellings, indexes: readonly number[]): boolean {
    if (certain.some(isTooLong)) return false;
    const rules = new Set(indexes.map((index) => this.#ruleOf(index)));
    const replacing = [...rules].filter(({ replaces }) => replaces.length > 0);
    if (replacing.length === 0) return true;
    const exact = new Set(certain.flatMap(this.#findExact).map((index) => this.#ruleOf(index)));
    return replacing.every((rule) => exact.has(rule));
  }
}

function idOf({ patterns, mayReplace }: Matching): string {
  return `${mayReplace ? "" : "!"}${patterns.join(",")}`;
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
function patternIndex(lists: readonly (readonly Pattern[])[], flags: "is" | "s"): Find {
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
