/** The codes of problems in a policy. A code never changes its meaning; docs/reference/policy-errors.md explains each. */
export const PROBLEM_CODES = [
  "UNKNOWN_KEY",
  "BAD_VALUE",
  "NO_RULES",
  "BAD_RULE_NAME",
  "NO_LIMITS",
  "BAD_LIMIT",
  "LIMIT_BELOW_ONE",
  "BAD_WINDOW",
  "WINDOW_TOO_SHORT",
  "WINDOW_TOO_LONG",
  "LIMIT_TIMES_WINDOW_TOO_LARGE",
  "LOG_TOO_LARGE",
  "DUPLICATE_WINDOW",
  "COST_BELOW_ONE",
  "COST_ABOVE_LIMIT",
  "BAD_SUBJECT",
  "UNKNOWN_IDENTITY",
  "BAD_IDENTITY_NAME",
  "BAD_PATTERN",
  "PATTERN_MATCHES_NOTHING",
  "BAD_METHOD",
  "UNKNOWN_REPLACES",
  "REPLACES_ITSELF",
  "REPLACES_IN_A_CIRCLE",
  "EMPTY_REASON",
  "LIMITS_AND_TIERS",
  "BAD_TIERS",
  "BAD_TIER_NAME",
  "BAD_MODE",
  "OPTIMISTIC_AND_DENY",
  "BAD_SIZE",
  "BAD_PREFETCH",
  "BAD_LOCALES",
  "LOCALE_IN_PATTERN",
  "BAD_CONDITION_NAME",
  "BAD_LISTED_CLIENT",
] as const;

export type ProblemCode = (typeof PROBLEM_CODES)[number];

/** The path of a value in the policy, such as ["rules", "search", "limits", "ip", 0]. */
export type Place = readonly (string | number)[];
