import { select } from "#lib/policy/select";
import type { Match, RuleSet } from "#lib/policy/types";

/** The properties of a client that select its rules and limits. */
export interface Selecting {
  /** The values of identities, by name. */
  readonly values?: Readonly<Record<string, string>>;
  /** True if its trial rules are enforced. @default true */
  readonly isEnforced?: boolean;
}

/** Returns the rules that apply to a client. */
export function selected(
  match: Match | undefined,
  { values = {}, isEnforced = true }: Selecting = {},
): RuleSet | undefined {
  if (!match) return undefined;
  const shares = new Map(match.trials.map(({ rule }) => [rule, isEnforced ? 0 : 99.999_999]));
  return match.forAll ?? select(match, { values: new Map(Object.entries(values)), shares });
}
