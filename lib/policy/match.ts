import { BoundedMap } from "#lib/core/bounded-map";
import { type Find, isTooLong, patternIndex } from "./pattern-index.ts";
import { matchOf } from "./select.ts";
import { pathReadings, rawPages, routedPath } from "./path.ts";
import type { Pattern } from "./pattern.ts";
import { isPrefetch } from "./prefetch.ts";
import type { Follow } from "./rewrites.ts";
import { inEach, type LocalePaths, spellInLocales, type Spellings } from "./locale-spellings.ts";
import type { CompiledPolicy, CompiledRule, Match, Reading } from "./types.ts";

/** A rule and its patterns. */
export interface MatchableRule {
  readonly rule: CompiledRule;
  readonly patterns: readonly Pattern[];
}

/** Returns the rules that match a request; undefined when no rule does or the path is exempt. */
export function matchRequest(policy: CompiledPolicy, request: Request): Match | undefined {
  const { pathname, hasLocales } = routedPath(request);
  const prefetches = policy.tellsPrefetches && isPrefetch(request);
  return policy.match(request.method, pathname, hasLocales, prefetches);
}

/** A pattern and its rule. */
interface OfRule {
  readonly rule: CompiledRule;
  readonly pattern: Pattern;
  /** The pattern's text in the policy. */
  readonly text: string;
}

/** A reading, and the indexes of the patterns that match it. */
interface Matching extends Reading {
  readonly patterns: readonly number[];
}

type Takes = (rule: CompiledRule) => boolean;

/** The most cached matches. A policy of many overlapping rules may have more. */
const MAX_KEPT = 1000;

/** Longer requests are not cached, so that clients cannot fill the memory. */
const MAX_FOUND_LENGTH = 200;

/** Finds the rules of a request. Its constructor does the work that does not depend on the request. */
export class Matcher {
  /** Every pattern of every rule, in the order of the policy. */
  readonly #patterns: readonly OfRule[];
  readonly #follow: Follow | undefined;
  readonly #locales: LocalePaths | undefined;
  readonly #find: Find;
  /** Finds patterns with the same letter case: Next's routes are case-sensitive. */
  readonly #findExact: Find;
  readonly #findExempt: Find;
  readonly #kept = new BoundedMap<string, Match>(MAX_KEPT);
  /** The results for requests, by method, path, locales and prefetch. */
  readonly #found = new BoundedMap<string, { readonly match: Match | undefined }>(MAX_KEPT);

  /**
   * @param follow follows the app's rewrites; undefined without rewrites
   * @param locales undefined when the app's middleware puts no locale before its paths
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

  /** Returns the rules that match; undefined when no rule does or the path is exempt. */
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

  /**
   * Returns every reading of the path and of the paths that rewrites lead to; undefined when there are too many.
   */
  #readingsOf(pathname: string, hasLocales: boolean): readonly string[] | undefined {
    const readings = pathReadings(pathname, hasLocales);
    if (!this.#follow) return readings;
    const paths = [...new Set([...rawPages(pathname, hasLocales), ...readings])];
    // The app's middleware may put the locale before a path, and rewrites may match on it.
    const led = this.#follow([...paths, ...paths.flatMap((path) => inEach(this.#locales, path))]);
    if (led === undefined || led.length === 0) return led && readings;
    return [...new Set([...readings, ...led.flatMap((path) => pathReadings(path, hasLocales))])];
  }

  #spell(reading: string): Spellings | undefined {
    const locales = this.#locales;
    if (!locales) return { matched: [reading], certain: [reading] };
    return spellInLocales(locales, reading);
  }

  /** Returns the text of the pattern by which each rule matches. */
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

  /** Returns every rule, for a path with too many readings. */
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
   * Returns true when each rule that replaces others matches the path case-sensitively. One of its patterns is
   * enough, even if another pattern matches only in another case.
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

/** GET covers HEAD. OPTIONS, the method of preflights, is not counted unless a rule lists it. */
function takesMethod({ methods }: CompiledRule, method: string): boolean {
  if (!methods) return method !== "OPTIONS";
  return methods.has(method) || (method === "HEAD" && methods.has("GET"));
}

/** With separate limits for prefetches, the rule counts visits only, and its second rule counts prefetches only. */
function takesPrefetch(
  { prefetchTimes, isForPrefetches = false }: CompiledRule,
  prefetches: boolean,
): boolean {
  return prefetchTimes === undefined || isForPrefetches === prefetches;
}
