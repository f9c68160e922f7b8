import { choiceOf } from "#lib/core/choice";
import { withSuggestion } from "#lib/core/nearest";
import { HeadgateError } from "#lib/core/errors";
import type { GateMode } from "#lib/core/mode";
import { MAX_PRODUCT } from "#lib/policy/check/limit";
import { prefetchName } from "#lib/policy/prefetch";
import { everyLimit } from "#lib/policy/select";
import type { CompiledLimit, CompiledPolicy, CompiledRule } from "#lib/policy/types";
import { badArgument } from "./arguments.ts";
import { readTo } from "./entry.ts";
import type { OverrideOptions } from "./types.ts";

type Rules = Pick<CompiledPolicy, "rules">;

const MODES: readonly string[] = ["enforce", "shadow", "off"] satisfies readonly GateMode[];

/**
 * Returns a rule of the policy.
 *
 * @throws {HeadgateError} LIMIT_UNKNOWN_RULE
 */
export function ruleNamed({ rules }: Rules, name: unknown): CompiledRule {
  const rule = typeof name === "string" ? rules.get(name) : undefined;
  if (rule) return rule;
  const known = [...rules.keys()];
  const all = withSuggestion(known.join(", "), String(name), known);
  const given = JSON.stringify(String(name).slice(0, 64));
  throw new HeadgateError("LIMIT_UNKNOWN_RULE", `There is no rule ${given}. The rules are ${all}.`);
}

/** @throws {HeadgateError} CONTROL_BAD_ARGUMENT */
export function readMode(mode: unknown): GateMode {
  if (typeof mode === "string" && MODES.includes(mode)) return mode as GateMode;
  throw badArgument("mode", mode, withSuggestion(choiceOf(MODES), String(mode), MODES));
}

/** The limit of an override, in the form of the store. */
export interface ReadOverride {
  readonly rule: string;
  readonly limit: string | undefined;
  readonly to: number | string;
}

/** @throws {HeadgateError} LIMIT_UNKNOWN_RULE, CONTROL_BAD_ARGUMENT */
export function readOverride(policy: Rules, { rule: name, limit, to }: OverrideOptions) {
  const rule = ruleNamed(policy, name);
  const limits = limitsOf(rule);
  const own = limit === undefined ? limits : limits.filter(([known]) => known === limit);
  if (own.length === 0) {
    const known = [...new Set(limits.map(([each]) => each))];
    const allowed = withSuggestion(
      `a limit of ${rule.name}: ${known.join(", ")}`,
      String(limit),
      known,
    );
    throw badArgument("limit", limit, allowed);
  }
  if (readTo(to) === undefined) {
    throw badArgument(
      "to",
      to,
      'units in a window, a factor such as "2x" or "0.5x", or "unlimited"',
    );
  }
  if (typeof to === "number") refuseNumber(rule, to, limit, own);
  return { rule: rule.name, limit, to } satisfies ReadOverride;
}

type NamedLimit = readonly [name: string, limit: CompiledLimit];

/** Returns the limits of a rule by their names in RateLimit headers, with those of its prefetches. */
function limitsOf(rule: CompiledRule): readonly NamedLimit[] {
  const own = everyLimit(rule).map((limit): NamedLimit => [limit.policyName, limit]);
  if (rule.prefetchTimes === undefined) return own;
  const ofPrefetches = own.map(([name, limit]): NamedLimit => [
    prefetchName(rule.name) + name.slice(rule.name.length),
    limit,
  ]);
  return [...own, ...ofPrefetches];
}

function refuseNumber(
  rule: CompiledRule,
  to: number,
  limit: string | undefined,
  limits: readonly NamedLimit[],
): void {
  const names = new Set(everyLimit(rule).map(({ policyName }) => policyName));
  if (limit === undefined && names.size > 1) {
    const allowed = `a factor such as "2x", "unlimited", or a number with the name of one limit, because ${rule.name} has several: ${[...names].join(", ")}`;
    throw badArgument("to", to, allowed);
  }
  const least = Math.max(...limits.map(([, { cost }]) => cost));
  const most = Math.min(...limits.map(([, { windowMs }]) => Math.floor(MAX_PRODUCT / windowMs)));
  if (to < least || to > most) {
    const why = `from the ${least} that a request costs to the ${most} that can be counted in this window`;
    throw badArgument("to", to, `a number ${why}, a factor such as "2x", or "unlimited"`);
  }
}
