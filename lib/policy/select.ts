import type { Client, Subject } from "#lib/core/client";
import { statedName } from "./prefetch.ts";
import type {
  CompiledLimit,
  CompiledRule,
  Match,
  OnStoreFailure,
  Reading,
  RuleSet,
} from "./types.ts";

const STRICTNESS: readonly OnStoreFailure[] = ["allow", "local", "deny"];

/** The part of a client that determines its rules and limits. */
export type Selecting = Pick<Client, "values" | "shares">;

/** A rule with the limits of the client's tier. */
interface Applying {
  readonly rule: CompiledRule;
  readonly limits: readonly CompiledLimit[];
  readonly decides: boolean;
}

const ANY_CLIENT: Selecting = { values: new Map(), shares: new Map() };

/**
 * Returns the match of the rules that match the readings of a path.
 *
 * @param patterns the pattern by which each rule matches; empty for calls from code
 */
export function matchOf(
  readings: readonly Reading[],
  patterns: Readonly<Record<string, string>> = {},
): Match {
  const rules = [...new Set(readings.flatMap((reading) => reading.rules))];
  const match: Match = {
    rules,
    readings,
    patterns,
    identities: [...new Set(rules.flatMap(identitiesOf))].filter((name) => name !== "ip"),
    subjects: subjectsOf(rules),
    trials: rules.filter(isOnTrial).map((rule) => ({
      rule: rule.name,
      seed: statedName(rule),
      subject: everyLimit(rule).find(({ subject }) => subject.kind !== "global")?.subject,
    })),
    forAll: undefined,
  };
  return rules.some(dependsOnClient) ? match : { ...match, forAll: select(match, ANY_CLIENT) };
}

/**
 * Returns the rules that apply to a client, with the limits of its tier. A rule is replaced only by a rule that
 * matches the same reading of the path. Otherwise a client could evade the stricter rule by a second spelling. A
 * rule in shadow replaces no enforced rule.
 */
export function select({ rules, readings }: Match, client: Selecting): RuleSet {
  const applying = rules.map((rule) => applyRule(rule, client));
  const left = new Set(readings.flatMap((reading) => withoutReplaced(reading, applying)));
  return ruleSetOf(applying.filter((each) => left.has(each)));
}

/** Returns the limits of a rule in all its tiers. */
export function everyLimit({ limits, tiers }: CompiledRule): readonly CompiledLimit[] {
  return tiers ? [...tiers.limits.values()].flat() : limits;
}

function dependsOnClient(rule: CompiledRule): boolean {
  return rule.tiers !== undefined || isOnTrial(rule);
}

function isOnTrial({ enforced }: CompiledRule): boolean {
  return enforced > 0 && enforced < 100;
}

function identitiesOf(rule: CompiledRule): readonly string[] {
  const counted = everyLimit(rule).flatMap(({ subject }) => subject.names);
  return rule.tiers ? [rule.tiers.identity, ...counted] : counted;
}

function subjectsOf(rules: readonly CompiledRule[]): readonly Subject[] {
  const subjects = rules.flatMap((rule) => everyLimit(rule).map(({ subject }) => subject));
  return [...new Map(subjects.map((subject) => [subject.expression, subject])).values()];
}

function applyRule(rule: CompiledRule, { values, shares }: Selecting): Applying {
  const limits = rule.tiers ? tierOf(rule.tiers, values) : rule.limits;
  const share = rule.enforced === 100 ? 0 : (shares.get(rule.name) ?? 100);
  return { rule, limits, decides: share < rule.enforced };
}

function tierOf(
  { identity, first, limits }: NonNullable<CompiledRule["tiers"]>,
  values: Selecting["values"],
): readonly CompiledLimit[] {
  return limits.get(values.get(identity) ?? first) ?? limits.get(first) ?? [];
}

function withoutReplaced(reading: Reading, applying: readonly Applying[]): Applying[] {
  const matching = applying.filter(({ rule }) => reading.rules.includes(rule));
  if (!reading.mayReplace) return matching;
  const replacing = matching.filter(({ rule }) => rule.replaces.length > 0);
  return matching.filter(
    (one) =>
      !replacing.some(
        (other) => (other.decides || !one.decides) && other.rule.replaces.includes(one.rule.name),
      ),
  );
}

/** Combines the rules of one check. */
function ruleSetOf(applying: readonly Applying[]): RuleSet {
  const deciding = applying.filter(({ decides }) => decides);
  return {
    rules: deciding.map(({ rule }) => rule),
    limits: deciding.flatMap(({ limits }) => limits),
    shadows: applying
      .filter(({ decides }) => !decides)
      .map(({ rule, limits }) => ({ rule: rule.name, limits })),
    maxBody: smallest(deciding.flatMap(({ rule }) => rule.maxBody ?? [])),
    onStoreFailure: strictest(deciding.map(({ rule }) => rule.onStoreFailure)),
    admit: applying.every(({ rule, decides }) => decides && rule.admit === "optimistic")
      ? "optimistic"
      : "strict",
  };
}

function smallest(sizes: readonly number[]): number | undefined {
  return sizes.length > 0 ? Math.min(...sizes) : undefined;
}

function strictest(modes: readonly OnStoreFailure[]): OnStoreFailure {
  return STRICTNESS.findLast((mode) => modes.includes(mode)) ?? "allow";
}
