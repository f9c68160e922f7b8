import type { ChangeBody } from "#lib/dashboard/change-body";
import type { RuleNow } from "#lib/dashboard/model";
import type { Draft } from "./steps.ts";

/** The lengths of an entry, of which a person chooses one. */
export const LENGTHS = ["15 minutes", "1 hour", "8 hours", "1 day", "7 days", "30 days"] as const;

export const EMPTY_DRAFT: Draft = {
  action: "block",
  client: "",
  rule: "",
  limit: "",
  to: "",
  mode: "shadow",
  for: LENGTHS[1],
  reason: "",
};

/** The fields of each action in addition to length and reason. */
export const FIELDS: Readonly<Record<Draft["action"], readonly (keyof Draft)[]>> = {
  block: ["client"],
  allow: ["client"],
  override: ["rule", "limit", "to", "client"],
  mode: ["mode", "rule"],
};

/** Returns what a form sends: the fields of its action that are not empty. */
export function bodyOf(draft: Draft): ChangeBody {
  const names = [...FIELDS[draft.action], "for", "reason"] as const;
  const fields = names.map((name) => [name, draft[name].trim()] as const);
  const given = fields.filter(([, value]) => value !== "");
  return { action: draft.action, ...Object.fromEntries(given) } as ChangeBody;
}

/** Returns the names of a rule's limits, each once. */
export function limitsOf(rules: readonly RuleNow[], rule: string): readonly string[] {
  const limits = rules.find(({ name }) => name === rule)?.limits ?? [];
  return [...new Set(limits.map(({ name }) => name))];
}
