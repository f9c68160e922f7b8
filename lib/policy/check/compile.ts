import type { Context } from "./compile-limits.ts";
import { compileRule, readMode } from "./compile-rule.ts";
import { compileConditions, compileLists } from "./compile-lists.ts";
import { findCircles } from "./circles.ts";
import type { AnyPolicy } from "#lib/policy/define";
import type { LimitInput } from "#lib/policy/rule-input";
import { PolicyError, Problems } from "#lib/policy/errors";
import { matchOf } from "#lib/policy/select";
import { createFollow, type Rewrites } from "#lib/policy/rewrites";
import { type Locales, readLocales, refuseLocale } from "#lib/policy/locales";
import type { LocalePaths } from "#lib/policy/locale-spellings";
import { Matcher, type MatchableRule } from "#lib/policy/match";
import { compilePattern, type Pattern } from "#lib/policy/pattern";
import { withPrefetchRules } from "./prefetch-rules.ts";
import { checkReason } from "./reason.ts";
import { type ParsedPolicy, parsePolicy, parseRule } from "./schema.ts";
import type { CompiledPolicy, Match } from "#lib/policy/types";

const RULE_NAME = /^[a-z][a-z0-9-]{0,63}$/;
const IDENTITY_NAME = /^[a-z][a-z0-9-]{0,63}$/i;

/**
 * Checks a policy and compiles it for the request path. Call it once, at the start.
 *
 * @param options.rewrites the app's rewrites: other paths by which requests reach its routes
 * @throws {PolicyError} with every problem that was found
 * @throws {HeadgateError} REWRITES_INVALID
 * @example
 * const { rules } = compilePolicy(policy);
 */
export function compilePolicy(
  policy: AnyPolicy,
  {
    rewrites,
  }: {
    /**
     * The result of next.config's `rewrites`, read by `readRewrites`.
     * @default no rewrites
     * @example
     * compilePolicy(policy, { rewrites: readRewrites(process.env["SHOP_REWRITES"]) });
     */
    readonly rewrites?: Rewrites | undefined;
  } = {},
): CompiledPolicy {
  const problems = new Problems();
  const parsed = parsePolicy(policy, problems);
  const locales = readLocales(parsed?.locales, problems);
  const rules = parsed ? compileRules(parsed, locales, problems) : [];
  const exempt = parsed ? compileExempt(parsed, locales, problems) : [];
  const conditions = parsed ? compileConditions(parsed, problems) : {};
  const listings = parsed ? compileLists(parsed, problems) : [];
  if (problems.found.length > 0) throw new PolicyError(problems.found);

  const follow = rewrites && createFollow(rewrites);
  const matched = withPrefetchRules(rules);
  const matcher = new Matcher(matched, exempt, follow, localePaths(locales));
  const alone = new Map(
    rules.map(({ rule }) => [rule.name, matchOf([{ rules: [rule], mayReplace: false }])]),
  );
  return {
    rules: new Map(rules.map(({ rule }) => [rule.name, rule])),
    identities: policy.identities ?? {},
    conditions,
    listings,
    locales: locales?.prefixes ?? [],
    exempt: Object.entries(parsed?.exempt ?? {}).map(([pattern, reason]) => ({
      pattern,
      reason: String(reason),
    })),
    match: matcher.match.bind(matcher),
    tellsPrefetches: matched.length > rules.length,
    rule: (name) => alone.get(name),
  };
}

/**
 * Checks and compiles one rule without a policy that counts one identity, for calls that state their own limit.
 *
 * @throws {PolicyError} with every problem that was found
 */
export function compileAlone(name: string, identity: string, limit: LimitInput): Match {
  const problems = new Problems();
  const parsed = parseRule(name, { limits: { [identity]: limit } }, problems);
  const context = {
    identities: [identity],
    names: [name],
    defaults: {},
    locales: undefined,
    problems,
  };
  const compiled = parsed && compileRule(name, parsed, context);
  if (!compiled || problems.found.length > 0) throw new PolicyError(problems.found);
  return matchOf([{ rules: [compiled.rule], mayReplace: false }]);
}

function localePaths(locales: Locales | undefined): LocalePaths | undefined {
  const follow = locales && createFollow(locales.rewrites);
  return follow && { prefixes: locales.prefixes, follow };
}

function compileRules(
  policy: ParsedPolicy,
  locales: Locales | undefined,
  problems: Problems,
): MatchableRule[] {
  const identities = readIdentities(policy, problems);
  const names = Object.keys(policy.rules);
  if (names.length === 0) problems.add("NO_RULES", ["rules"], {});

  const { defaults } = policy;
  const enforced = readMode(policy.mode, [], problems);
  const context: Context = { identities, names, defaults, enforced, locales, problems };
  const rules = names.flatMap((name) => {
    if (!RULE_NAME.test(name)) problems.add("BAD_RULE_NAME", ["rules", name], name);
    const parsed = parseRule(name, policy.rules[name], problems);
    return parsed ? [compileRule(name, parsed, context)] : [];
  });
  refuseCircles(rules, problems);
  return rules;
}

/** Reads the names that can be counted beside `ip` and `global`. */
function readIdentities(policy: ParsedPolicy, problems: Problems): string[] {
  const identities = Object.entries(policy.identities ?? {});
  for (const [name, identity] of identities) {
    const place = ["identities", name];
    if (name === "ip" || name === "global" || !IDENTITY_NAME.test(name)) {
      problems.add("BAD_IDENTITY_NAME", place, name);
    }
    if (typeof identity !== "function" && identity !== "from-code") {
      problems.add("BAD_VALUE", place, identity, "identity");
    }
  }
  return identities.map(([name]) => name);
}

function refuseCircles(rules: readonly MatchableRule[], problems: Problems): void {
  const replaces = new Map(rules.map(({ rule }) => [rule.name, rule.replaces]));
  for (const name of findCircles(replaces)) {
    const place = ["rules", name, "replaces"];
    problems.add("REPLACES_IN_A_CIRCLE", place, replaces.get(name));
  }
}

function compileExempt(
  policy: ParsedPolicy,
  locales: Locales | undefined,
  problems: Problems,
): Pattern[] {
  return Object.entries(policy.exempt ?? {}).flatMap(([given, reason]) => {
    const place = ["exempt", given];
    checkReason(reason, place, problems);
    refuseLocale(given, place, locales, problems);
    const pattern = compilePattern(given, place, problems);
    return pattern ? [pattern] : [];
  });
}
