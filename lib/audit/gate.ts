import { compilePolicy } from "#lib/policy/check/compile";
import type { AnyPolicy } from "#lib/policy/define";
import type { Rewrites } from "#lib/policy/rewrites";
import { select } from "#lib/policy/select";
import type { CompiledPolicy, Match } from "#lib/policy/types";
import { METHODS } from "./methods.ts";

/** The policy of the built middleware, which can be checked without a client. */
export interface Gate {
  /**
   * Returns the names of the rules that apply, with rules in shadow: first for a client for whom percentage
   * rules decide, then for a client for whom they do not.
   */
  rules(
    method: string,
    path: string,
  ): readonly [decided: readonly string[], tried: readonly string[]];
  /** Returns why a path is exempt; undefined when it is not. */
  exemption(path: string): string | undefined;
  /** Returns how much of its clients a rule decides for; empty for all. */
  readonly mark: (rule: string) => string;
  /** Returns true when allowed answers to GET have the headers of a rule's limits. */
  readonly showsAlways: (rule: string) => boolean;
  /** Returns true when a rule counts prefetches separately. */
  readonly countsApart: (rule: string) => boolean;
  /** The prefixes of paths in the app's locales; empty when the policy has no `locales`. */
  readonly locales: readonly string[];
  /** Every pattern of the policy. */
  readonly patterns: readonly string[];
}

/**
 * Opens the gate of a build.
 *
 * @param rewrites the rewrites that the built middleware knows
 * @throws {PolicyError} when the policy is invalid
 */
export function openGate(policy: AnyPolicy, rewrites: Rewrites): Gate {
  const compiled = compilePolicy(policy, { rewrites });
  const exemption = (exempt: CompiledPolicy["exempt"]) => exemptionOf(exempt, policy, rewrites);
  const isExempt = exemption(compiled.exempt);
  const reasons = compiled.exempt.map((one) => ({
    ...one,
    isExempt: exemption([one]),
  }));
  return {
    rules(method, path) {
      const match = compiled.match(method, path);
      return [namesFor(match, 0), namesFor(match, 100)];
    },
    exemption(path) {
      if (!isExempt(path)) return undefined;
      // A path with two readings may need two patterns. Then both reasons are returned.
      const alone = reasons.find((one) => one.isExempt(path));
      return alone?.reason ?? compiled.exempt.map(({ reason }) => reason).join("; ");
    },
    mark(name) {
      const enforced = compiled.rules.get(name)?.enforced ?? 100;
      if (enforced === 100) return name;
      return `${name} (${enforced === 0 ? "shadow" : `${enforced}%`})`;
    },
    locales: compiled.locales,
    countsApart: (name) => compiled.rules.get(name)?.prefetchTimes !== undefined,
    showsAlways: (name) => compiled.rules.get(name)?.headers === "always",
    patterns: [
      ...[...compiled.rules.values()].flatMap(({ match }) => match),
      ...compiled.exempt.map(({ pattern }) => pattern),
    ],
  };
}

/**
 * Returns a function that checks whether a path is exempt, with a gate that has one rule for everything and
 * these patterns.
 */
function exemptionOf(
  exempt: CompiledPolicy["exempt"],
  { locales }: AnyPolicy,
  rewrites: Rewrites,
): (path: string) => boolean {
  const everything = { match: "/:path*", methods: METHODS, limits: { global: "1 per minute" } };
  const policy = {
    locales,
    exempt: Object.fromEntries(exempt.map(({ pattern, reason }) => [pattern, reason])),
    rules: { everything },
  };
  const compiled = compilePolicy(policy, { rewrites });
  return (path) => compiled.match("GET", path) === undefined;
}

/** Returns the rules that apply to a client without identities, by its share in percentage rules. */
function namesFor(match: Match | undefined, share: number): readonly string[] {
  if (!match) return [];
  const shares = new Map(match.trials.map(({ rule }) => [rule, share]));
  const { rules, shadows } = select(match, { values: new Map(), shares });
  return [...rules.map(({ name }) => name), ...shadows.map(({ rule }) => rule)];
}
