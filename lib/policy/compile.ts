import { compileRule, type Context } from "./compile-rule.ts";
import type { AnyPolicy } from "./define.ts";
import { PolicyError, Problems } from "./errors.ts";
import { createMatcher, type MatchableRule, ruleSetOf } from "./match.ts";
import { compilePattern, type Pattern } from "./pattern.ts";
import { type ParsedPolicy, parsePolicy, parseRule } from "./schema.ts";
import type { CompiledPolicy } from "./types.ts";

const NAME = /^[a-z][a-z0-9-]{0,63}$/i;
const NAME_FORM = "a letter, then up to 63 letters, digits or -";

/**
 * Checks a policy and makes it ready for the request path; once, at start.
 *
 * @throws {PolicyError} with every problem that was found
 */
export function compilePolicy(policy: AnyPolicy): CompiledPolicy {
  const problems = new Problems();
  const parsed = parsePolicy(policy, problems);
  const rules = parsed ? compileRules(parsed, problems) : [];
  const exempt = parsed ? compileExempt(parsed, problems) : [];
  if (problems.found.length > 0) throw new PolicyError(problems.found);

  const matcher = createMatcher(rules, exempt);
  const sets = new Map(rules.map(({ rule }) => [rule.name, ruleSetOf([rule])]));
  return {
    rules: new Map(rules.map(({ rule }) => [rule.name, rule])),
    identities: policy.identities ?? {},
    exempt: Object.entries(parsed?.exempt ?? {}).map(([pattern, reason]) => ({ pattern, reason })),
    rulesFor: matcher,
    ruleSet: (name) => sets.get(name),
  };
}

function compileRules(policy: ParsedPolicy, problems: Problems): MatchableRule[] {
  const identities = Object.keys(policy.identities ?? {});
  for (const name of identities) {
    const taken = name === "ip" || name === "global";
    if (taken || !NAME.test(name)) {
      problems.add(
        "BAD_IDENTITY_NAME",
        ["identities", name],
        name,
        `${NAME_FORM}; not ip or global`,
      );
    }
  }
  const names = Object.keys(policy.rules);
  if (names.length === 0) problems.add("NO_RULES", ["rules"], {}, "at least one rule");

  const context: Context = { identities, names, defaults: policy.defaults ?? {}, problems };
  return names.flatMap((name) => {
    if (!NAME.test(name)) problems.add("BAD_RULE_NAME", ["rules", name], name, NAME_FORM);
    const parsed = parseRule(name, policy.rules[name], problems);
    return parsed ? [compileRule(name, parsed, context)] : [];
  });
}

function compileExempt(policy: ParsedPolicy, problems: Problems): Pattern[] {
  return Object.entries(policy.exempt ?? {}).flatMap(([given, reason]) => {
    const place = ["exempt", given];
    if (reason.trim() === "") {
      problems.add("EMPTY_REASON", place, reason, "why no rule applies there, in a few words");
    }
    const pattern = compilePattern(given, place, problems);
    return pattern ? [pattern] : [];
  });
}
