import { compilePolicy } from "#lib/policy/check/compile";
import type { AnyPolicy } from "#lib/policy/define";
import type { Rewrites } from "#lib/policy/rewrites";
import { select } from "#lib/policy/select";
import type { CompiledPolicy, Match } from "#lib/policy/types";
import { METHODS } from "./methods.ts";

/** The policy as the built middleware knows it, asked without a client. */
export interface Gate {
  /**
   * The names of the rules that apply: once for a client for whom rules on trial decide, and once
   * for one for whom they do not. Rules in shadow are among them.
   */
  rules(
    method: string,
    path: string,
  ): readonly [decided: readonly string[], tried: readonly string[]];
  /** Why no rule applies to a path; undefined where it is not exempt. */
  exemption(path: string): string | undefined;
  /** How much of its clients a rule decides for, where that is not all. */
  readonly mark: (rule: string) => string;
  /** Whether allowed answers to GET tell how a rule's limits stand. */
  readonly tellsAlways: (rule: string) => boolean;
  /** Whether a rule counts prefetches apart. */
  readonly countsApart: (rule: string) => boolean;
  /** What paths in the app's locales begin with; none where the policy has no `locales`. */
  readonly locales: readonly string[];
  /** Every pattern that the policy has. */
  readonly patterns: readonly string[];
}

/**
 * Opens the gate that the build has.
 *
 * @param rewrites those that the built middleware knows
 * @throws {PolicyError} where the policy cannot be used
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
      // A path of two readings may need two patterns; then both say why.
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
    tellsAlways: (name) => compiled.rules.get(name)?.headers === "always",
    patterns: [
      ...[...compiled.rules.values()].flatMap(({ match }) => match),
      ...compiled.exempt.map(({ pattern }) => pattern),
    ],
  };
}

/** Whether a path is exempt, asked of the gate itself: one rule for everything, and these patterns. */
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

/** The rules that apply to a client without identities, at a place among those of rules on trial. */
function namesFor(match: Match | undefined, share: number): readonly string[] {
  if (!match) return [];
  const shares = new Map(match.trials.map(({ rule }) => [rule, share]));
  const { rules, shadows } = select(match, { values: new Map(), shares });
  return [...rules.map(({ name }) => name), ...shadows.map(({ rule }) => rule)];
}
