import { formatDuration } from "#lib/core/duration";
import { defaultAlgorithm, largestLimitOf } from "#lib/limit/algorithms/all";
import type { Place, Problems } from "#lib/policy/errors";
import { readLimit } from "./limit.ts";
import type { Locales } from "#lib/policy/locales";
import { type ParsedPolicy, type ParsedRule, parseRecord } from "./schema.ts";
import { readSubject } from "./subject.ts";
import type { CompiledLimit, CompiledTiers } from "#lib/policy/types";

/** The parts of the policy that are needed to read a rule. */
export interface Context {
  readonly identities: readonly string[];
  /** The names of all rules. */
  readonly names: readonly string[];
  readonly defaults: ParsedPolicy["defaults"];
  /** The percentage of clients for which a rule without a mode is enforced; 100 unless the policy sets a mode. */
  readonly enforced?: number;
  readonly locales: Locales | undefined;
  readonly problems: Problems;
}

/** Names must not be whole numbers: JavaScript moves those to the front, and the first tier is the default. */
const TIER_NAME = /^(?!\d+$).{1,64}$/s;

/** Reads a rule's limits or tiers. It adds a problem for each mistake and leaves the mistake out. */
export function readRuleLimits(
  rule: string,
  given: ParsedRule,
  context: Context,
): { readonly limits: readonly CompiledLimit[]; readonly tiers: CompiledTiers | undefined } {
  const place: Place = ["rules", rule];
  if (given.tiers === undefined) {
    const limits = readLimits(rule, given.limits, [...place, "limits"], given, context);
    checkCost(rule, given.cost, limits, context.problems);
    return { limits, tiers: undefined };
  }
  if (given.limits !== undefined) {
    context.problems.add("LIMITS_AND_TIERS", [...place, "limits"], given.limits);
  }
  const tiers = readTiers(rule, given.tiers, given, context);
  const limits = [...(tiers?.limits.values() ?? [])].flat();
  checkCost(rule, given.cost, limits, context.problems);
  return { limits: [], tiers };
}

function readTiers(
  rule: string,
  tiers: Readonly<Record<string, unknown>>,
  given: ParsedRule,
  context: Context,
): CompiledTiers | undefined {
  const { identities, problems } = context;
  const place: Place = ["rules", rule, "tiers"];
  const [identity, ...others] = Object.keys(tiers);
  if (identity === undefined || others.length > 0) {
    problems.add("BAD_TIERS", place, tiers);
    return undefined;
  }
  const at = [...place, identity];
  if (!identities.includes(identity)) {
    problems.add("UNKNOWN_IDENTITY", at, identity, ...identities);
  }
  const values = parseRecord(tiers[identity], at, problems, "tiers");
  const limits = Object.entries(values ?? {}).map(([value, limitsOfValue]) => {
    if (!TIER_NAME.test(value)) {
      problems.add("BAD_TIER_NAME", [...at, value], value);
    }
    return [value, readLimits(rule, limitsOfValue, [...at, value], given, context)] as const;
  });
  const [first] = limits;
  if (!first) {
    if (values) problems.add("BAD_TIERS", at, tiers[identity]);
    return undefined;
  }
  return { identity, first: first[0], limits: new Map(limits) };
}

function readLimits(
  rule: string,
  given: unknown,
  place: Place,
  ruleGiven: ParsedRule,
  context: Context,
): CompiledLimit[] {
  const { problems } = context;
  const record = given === undefined ? {} : parseRecord(given, place, problems, "limits");
  const limits = Object.entries(record ?? {}).flatMap(([expression, value]) =>
    readSubjectsLimits(rule, expression, value, [...place, expression], ruleGiven, context),
  );
  const count = Object.values(record ?? {}).flat().length;
  if (count === 0 && !problems.has(place)) {
    const at = given === undefined ? place.slice(0, -1) : place;
    problems.add("NO_LIMITS", at, given);
  }
  return limits;
}

function readSubjectsLimits(
  rule: string,
  expression: string,
  value: unknown,
  place: Place,
  given: ParsedRule,
  { identities, defaults, problems }: Context,
): CompiledLimit[] {
  const subject = readSubject(expression, identities, place, problems);
  const windows = new Set<number>();
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (values.length === 0) problems.add("NO_LIMITS", place, value);
  return values.flatMap((each, i) => {
    const at = Array.isArray(value) ? [...place, i] : place;
    const read = readLimit(each, at, problems);
    if (!read) return [];
    if (windows.has(read.windowMs)) {
      problems.add("DUPLICATE_WINDOW", at, each);
    }
    windows.add(read.windowMs);
    const chosen = given.algorithm ?? defaults.algorithm;
    const algorithm = chosen ?? defaultAlgorithm(read.limit);
    const largest = largestLimitOf(algorithm);
    if (read.limit > largest) {
      problems.add("LOG_TOO_LARGE", at, each, largest);
    }
    if (!subject) return [];
    const policyName = nameOf(rule, expression, read.windowMs);
    return [{ rule, policyName, subject, ...read, algorithm, cost: given.cost ?? 1 }];
  });
}

/**
 * Returns the name of a limit. It depends on this limit alone, so that it stays when its rule gets another
 * limit or tiers, or another order. A rule has each window once for one subject, so the limits of a client
 * have different names.
 */
function nameOf(rule: string, subject: string, windowMs: number): string {
  return `${rule}:${subject}:${formatDuration(windowMs)}`;
}

function checkCost(
  rule: string,
  cost: number | undefined,
  limits: readonly CompiledLimit[],
  problems: Problems,
): void {
  if (cost === undefined) return;
  const place = ["rules", rule, "cost"];
  if (!Number.isSafeInteger(cost) || cost < 1) {
    problems.add("COST_BELOW_ONE", place, cost);
    return;
  }
  const smallest = Math.min(...limits.map(({ limit }) => limit));
  if (cost > smallest) {
    problems.add("COST_ABOVE_LIMIT", place, cost, smallest);
  }
}
