import type { Place, Problems } from "#lib/policy/errors";
import { MAX_PRODUCT } from "./limit.ts";
import type { MatchableRule } from "#lib/policy/match";
import { PREFETCH_FORM } from "./schema.ts";
import { isNamed, isNumber } from "#lib/policy/shape";
import type { Algorithm, CompiledLimit, CompiledRule, CompiledTiers } from "#lib/policy/types";

/** How many prefetches a client has for each visit that the rule allows. */
const TIMES = 10;

const MOST_TIMES = 1000;

/** What Next's router sends with a prefetch, and our server for it where Next takes that off. */
const OF_NEXT = ["next-router-prefetch", "next-router-segment-prefetch", "x-headgate-prefetch"];

/** What browsers send, for speculation rules and <link rel="prefetch">; the first by the standard. */
const PURPOSES = ["sec-purpose", "purpose", "x-purpose", "x-moz"];

/**
 * Returns true for a request that states that it is a prefetch. A client can state so of any request; what
 * it gains is the limit for prefetches, and no more.
 */
export function isPrefetch({ method, headers }: Request): boolean {
  if (method !== "GET") return false;
  const isStated = (name: string) => headers.get(name)?.toLowerCase().startsWith("prefetch");
  return OF_NEXT.some((name) => headers.has(name)) || PURPOSES.some(isStated);
}

/** Reads how many times a rule's limits its prefetches have; undefined where they count as visits. */
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
  problems.add("BAD_PREFETCH", [...place, "prefetch"], given, PREFETCH_FORM);
  return undefined;
}

/** Puts beside each rule that counts prefetches apart the rule that counts them. */
export function withPrefetchRules(rules: readonly MatchableRule[]): readonly MatchableRule[] {
  const apart = new Set(
    rules.filter(({ rule }) => rule.prefetchTimes !== undefined).map(({ rule }) => rule.name),
  );
  if (apart.size === 0) return rules;
  return rules.flatMap(({ patterns, rule }) => {
    // A rule that replaces another replaces what counts its prefetches too.
    const replaces = rule.replaces.flatMap((name) =>
      apart.has(name) ? [name, nameOf(name)] : name,
    );
    const visits = { patterns, rule: { ...rule, replaces } };
    return apart.has(rule.name)
      ? [visits, { patterns, rule: prefetchRule(visits.rule) }]
      : [visits];
  });
}

const SUFFIX = ":prefetch";

/** No rule of a policy can have such a name. */
function nameOf(rule: string): string {
  return rule + SUFFIX;
}

/** The name that the policy states: a rule and the one beside it decide for the same clients. */
export function statedName({ name, isForPrefetches }: CompiledRule): string {
  return isForPrefetches ? name.slice(0, -SUFFIX.length) : name;
}

function prefetchRule(rule: CompiledRule): CompiledRule {
  const { prefetchTimes: times = 1, limits, tiers } = rule;
  const widened = (each: readonly CompiledLimit[]) => each.map((limit) => widen(limit, times));
  return {
    ...rule,
    name: nameOf(rule.name),
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
  const name = nameOf(limit.rule);
  return {
    ...limit,
    rule: name,
    policyName: name + limit.policyName.slice(limit.rule.length),
    limit: Math.min(limit.limit * times, most),
    algorithm: algorithmOf(limit.algorithm),
  };
}

/** A log of every prefetch would be large; two counters say as much of them. */
function algorithmOf(algorithm: Algorithm): Algorithm {
  return algorithm === "sliding-log" ? "sliding-window" : algorithm;
}
