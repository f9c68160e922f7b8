import type {
  Asker,
  Candidates,
  CompiledLimit,
  CompiledRule,
  OnStoreFailure,
  RuleSet,
} from "./types.ts";

/** The rules that match one reading of a path. */
export interface MatchingRules {
  readonly rules: readonly CompiledRule[];
  /** Whether a rule among them may replace another. */
  readonly mayReplace: boolean;
}

/** More sets than this are made anew each time: a policy of many tiers and modes keeps no more. */
const MAX_SETS = 100;

const STRICTNESS: readonly OnStoreFailure[] = ["allow", "local", "deny"];

/** A rule with the limits that are the client's. */
interface Applying {
  readonly rule: CompiledRule;
  readonly tier: string;
  readonly limits: readonly CompiledLimit[];
  readonly decides: boolean;
}

/**
 * Rules of which some apply, once it is known who asks. A rule is replaced by another that matches
 * the same reading of the path: one that matches another reading replaces none of them, or a second
 * spelling would lead around the stricter rule. And a rule in shadow replaces none that decides.
 */
export function candidatesOf(readings: readonly MatchingRules[]): Candidates {
  const rules = [...new Set(readings.flatMap((reading) => reading.rules))];
  const sets = new Map<string, RuleSet>();

  const applyTo = (asker: Asker): RuleSet => {
    const applying = rules.map((rule) => applyRule(rule, asker));
    const id = JSON.stringify(applying.map(({ tier, decides }) => [tier, decides]));
    const known = sets.get(id);
    if (known) return known;
    const left = new Set(readings.flatMap((reading) => withoutReplaced(reading, applying)));
    const made = ruleSetOf(applying.filter((each) => left.has(each)));
    if (sets.size < MAX_SETS) sets.set(id, made);
    return made;
  };

  const identities = identitiesOf(rules);
  if (rules.some(dependsOnAsker)) return { identities, applyTo };
  const only = applyTo({ identity: () => undefined, isEnforced: () => true });
  return { identities, applyTo: () => only };
}

function dependsOnAsker({ tiers, enforced }: CompiledRule): boolean {
  return tiers !== undefined || (enforced > 0 && enforced < 100);
}

function applyRule(rule: CompiledRule, asker: Asker): Applying {
  const { tier, limits } = tierOf(rule, asker);
  const decides = rule.enforced === 100 || (rule.enforced > 0 && asker.isEnforced(rule, limits));
  return { rule, tier, limits, decides };
}

function tierOf({ limits, tiers }: CompiledRule, asker: Asker) {
  if (!tiers) return { tier: "", limits };
  const value = asker.identity(tiers.identity);
  const tier = value !== undefined && tiers.limits.has(value) ? value : tiers.first;
  return { tier, limits: tiers.limits.get(tier) ?? [] };
}

function withoutReplaced(reading: MatchingRules, applying: readonly Applying[]): Applying[] {
  const matching = applying.filter(({ rule }) => reading.rules.includes(rule));
  if (!reading.mayReplace) return matching;
  return matching.filter(
    (one) =>
      !matching.some(
        (other) => (other.decides || !one.decides) && other.rule.replaces.includes(one.rule.name),
      ),
  );
}

/** Puts rules together that are settled together. */
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

/** The limits of a rule, in whatever tier. */
export function everyLimit({ limits, tiers }: CompiledRule): readonly CompiledLimit[] {
  return tiers ? [...tiers.limits.values()].flat() : limits;
}

function identitiesOf(rules: readonly CompiledRule[]): string[] {
  const names = rules.flatMap((rule) => {
    const counted = everyLimit(rule).flatMap(({ subject }) => subject.names);
    return rule.tiers ? [rule.tiers.identity, ...counted] : counted;
  });
  return [...new Set(names)];
}
