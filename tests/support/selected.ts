import { select } from "#lib/policy/select";
import type { Match, RuleSet } from "#lib/policy/types";

/** A client, as far as it decides which rules and limits it has. */
export interface Selecting {
  /** The values of identities, by name. */
  readonly values?: Readonly<Record<string, string>>;
  /** Whether rules that are on trial decide for it. @default true */
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
