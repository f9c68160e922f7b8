import { readTo } from "#lib/control/entry";
import { Tuning } from "#lib/control/tuning";
import type { OverrideOptions } from "#lib/control/types";
import { monotonic } from "#lib/core/clock";
import { formatDuration } from "#lib/core/duration";
import type { GateMode } from "#lib/core/mode";
import { withPrefetchRules } from "#lib/policy/check/prefetch-rules";
import type { CompiledLimit, CompiledPolicy, CompiledRule } from "#lib/policy/types";
import type { Target } from "./target.ts";

/** Returns a line for each limit of a rule: its value in the policy, and its new value. */
export function limitEffects(
  { rules }: Pick<CompiledPolicy, "rules">,
  target: Target,
  to: OverrideOptions["to"],
): readonly string[] {
  const read = readTo(to);
  const { rule: name, limit } = target;
  if (read === undefined || name === null) return [];
  const override = {
    kind: "override" as const,
    rule: name,
    limit: limit ?? undefined,
    to: read,
    until: Infinity,
    endsAt: Infinity,
  };
  const tuning = new Tuning({
    lists: undefined,
    modes: [],
    overrides: [override],
    hashes: [],
    clock: monotonic,
  });
  const rule = rules.get(name);
  // The rules of the policy do not include the one that counts prefetches.
  return withPrefetchRules(rule ? [{ patterns: [], rule }] : [])
    .flatMap((each) => tiersOf(each.rule))
    .flatMap(([tier, limits]) => limits.flatMap((each) => effectOn(each, tier, tuning, target)));
}

type Tier = readonly [tier: string | undefined, limits: readonly CompiledLimit[]];

function tiersOf({ tiers, limits }: CompiledRule): readonly Tier[] {
  return tiers ? [...tiers.limits] : [[undefined, limits]];
}

function effectOn(
  limit: CompiledLimit,
  tier: string | undefined,
  tuning: Tuning,
  { client }: Target,
): readonly string[] {
  const name = tier === undefined ? limit.policyName : `${limit.policyName} (${tier})`;
  const isOfAll = limit.subject.kind === "global";
  if (client && isOfAll) return [`${name} counts all clients together, and does not change`];
  const { limits } = tuning.limited({ ...NO_RULES, limits: [limit] }, ANY_CLIENT);
  const [tuned] = limits;
  if (!tuned) return [`${name}: ${unitsOf(limit)} becomes unlimited`];
  return tuned === limit ? [] : [`${name}: ${unitsOf(limit)} becomes ${unitsOf(tuned)}`];
}

function unitsOf({ limit, windowMs }: CompiledLimit): string {
  return `${limit} per ${formatDuration(windowMs)}`;
}

const NO_RULES = {
  rules: [],
  shadows: [],
  onStoreFailure: "allow",
  maxBody: undefined,
  admit: "strict",
} as const;

/** An override for every client needs no data of a client. */
const ANY_CLIENT = {
  values: new Map(),
  address: "",
  hasAddress: false,
  counted: new Map(),
  shares: new Map(),
};

/** Returns a line with the mode of the policy or of HEADGATE_MODE, and the effect of the new mode. */
export function modeEffect(
  { rules }: Pick<CompiledPolicy, "rules">,
  rule: string | null,
  mode: GateMode,
  variable: GateMode,
): string {
  if (rule === null) return `HEADGATE_MODE is ${variable} here; ${OF_EVERYTHING[mode]}`;
  return `${ofPolicy(rules.get(rule)?.enforced ?? 100)} by the policy; ${OF_RULE[mode]}`;
}

function ofPolicy(enforced: number): string {
  if (enforced === 100) return "enforced";
  return enforced === 0 ? "in shadow" : `enforced for ${enforced}% of its clients`;
}

const OF_EVERYTHING: Readonly<Record<GateMode, string>> = {
  enforce: "every decision is enforced nevertheless",
  shadow: "everything is counted and reported, and no request is denied or blocked",
  off: "nothing is counted, denied or blocked",
};

const OF_RULE: Readonly<Record<GateMode, string>> = {
  enforce: "it is enforced for every client",
  shadow: "it is counted and reported, and denies no request",
  off: "it counts and denies nothing",
};
