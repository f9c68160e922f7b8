import { type Algorithm, defaultAlgorithm, largestLimitOf } from "#lib/limit/algorithms/all";
import type { Place, Problems } from "#lib/policy/errors";
import { MAX_PRODUCT } from "./limit.ts";
import type { MatchableRule } from "#lib/policy/match";
import { isNamed, isNumber } from "#lib/policy/shape";
import { prefetchName } from "#lib/policy/prefetch";
import type { CompiledLimit, CompiledRule, CompiledTiers } from "#lib/policy/types";

/** The default number of prefetches for each visit that a rule allows. */
const TIMES = 10;

const MOST_TIMES = 1000;

/**
 * Returns the factor by which a rule's limits for prefetches exceed its limits; undefined when prefetches count
 * as visits.
 */
export function readPrefetch(
  given: unknown,
  takesGet: boolean,
  place: Place,
  problems: Problems,
): number | undefined {
  if (given === undefined || given === "count") return undefined;
  const times = given === "apart" ? TIMES : isNamed(given) ? given["times"] : undefined;
  const isOnlyTimes = !isNamed(given) || Object.keys(given).length === 1;
  if (isNumber(times) && Number.isInteger(times) && isOnlyTimes && takesGet) {
    if (times >= 1 && times <= MOST_TIMES) return times;
  }
  problems.add("BAD_PREFETCH", [...place, "prefetch"], given);
  return undefined;
}

/** Adds after each rule with separate limits for prefetches the rule that counts them. */
export function withPrefetchRules(rules: readonly MatchableRule[]): readonly MatchableRule[] {
  const apart = new Set(
    rules.filter(({ rule }) => rule.prefetchTimes !== undefined).map(({ rule }) => rule.name),
  );
  if (apart.size === 0) return rules;
  return rules.flatMap(({ patterns, rule }) => {
    // A rule that replaces another also replaces the rule that counts the other's prefetches.
    const replaces = rule.replaces.flatMap((name) =>
      apart.has(name) ? [name, prefetchName(name)] : name,
    );
    const visits = { patterns, rule: { ...rule, replaces } };
    return apart.has(rule.name)
      ? [visits, { patterns, rule: prefetchRule(visits.rule) }]
      : [visits];
  });
}

function prefetchRule(rule: CompiledRule): CompiledRule {
  const { prefetchTimes: times = 1, limits, tiers } = rule;
  const widened = (each: readonly CompiledLimit[]) => each.map((limit) => widen(limit, times));
  return {
    ...rule,
    name: prefetchName(rule.name),
    methods: new Set(["GET"]),
    isForPrefetches: true,
    limits: widened(limits),
    tiers: tiers && { ...tiers, limits: widenedTiers(tiers, widened) },
  };
}

function widenedTiers(
  { limits }: CompiledTiers,
  widened: (limits: readonly CompiledLimit[]) => readonly CompiledLimit[],
) {
  return new Map([...limits].map(([value, each]) => [value, widened(each)] as const));
}

function widen(limit: CompiledLimit, times: number): CompiledLimit {
  const most = Math.floor(MAX_PRODUCT / limit.windowMs);
  const name = prefetchName(limit.rule);
  return {
    ...limit,
    rule: name,
    policyName: name + limit.policyName.slice(limit.rule.length),
    limit: Math.min(limit.limit * times, most),
    algorithm: algorithmOf(limit.algorithm),
  };
}

/**
 * Returns the algorithm for prefetches. A log of every prefetch would be large, so the default of large limits
 * replaces it.
 */
function algorithmOf(algorithm: Algorithm): Algorithm {
  const grows = largestLimitOf(algorithm) < Infinity;
  return grows ? defaultAlgorithm(MAX_PRODUCT) : algorithm;
}
