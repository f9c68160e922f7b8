import { BRAND } from "#lib/core/brand";
import { HeadgateError } from "#lib/core/errors";

/** What can be wrong with a policy. A code never changes its meaning; docs/policy-errors.md explains each. */
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

/** A way to a value inside the policy, such as ["rules", "search", "limits", "ip", 0]. */
export type Place = readonly (string | number)[];

/** One thing that is wrong, and what to do. */
export interface PolicyProblem {
  readonly code: ProblemCode;
  /** The rule at fault, where it is one. */
  readonly rule?: string;
  readonly place: Place;
  /** What was given, shortened. */
  readonly given: string;
  readonly allowed: string;
  /** Where it is explained. */
  readonly docs: string;
  /** All of it in one line. */
  readonly message: string;
}

/** A policy that cannot be used, with everything that is wrong with it. */
export class PolicyError extends HeadgateError {
  readonly problems: readonly PolicyProblem[];

  constructor(problems: readonly PolicyProblem[]) {
    super(
      "POLICY_INVALID",
      ["The policy cannot be used.", ...problems.map(({ message }) => `  ${message}`)].join("\n"),
    );
    this.name = "PolicyError";
    this.problems = problems;
  }

  override get [BRAND](): string {
    return "HeadgateError.PolicyError";
  }
}

function describe(problem: Omit<PolicyProblem, "message">): string {
  const { place, code, given, allowed, docs } = problem;
  return `${writePlace(place)}: ${code}: given ${given}; allowed: ${allowed} (${docs})`;
}

/** Writes a place as one would in code: rules.search.limits.ip[0]. */
export function writePlace(place: Place): string {
  const written = place.map((step) => {
    if (typeof step === "number") return `[${step}]`;
    return /^[A-Za-z_$][\w$]*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
  });
  return written.join("").replace(/^\./, "") || "policy";
}

/** Collects problems while a policy is read. */
export class Problems {
  readonly found: PolicyProblem[] = [];

  /** Whether anything is wrong at a place or inside it. */
  has(place: Place): boolean {
    return this.found.some((problem) => place.every((step, i) => problem.place[i] === step));
  }

  add(code: ProblemCode, place: Place, given: unknown, allowed: string): void {
    const rule = place[0] === "rules" && typeof place[1] === "string" ? { rule: place[1] } : {};
    const docs = `docs/policy-errors.md#${code.toLowerCase()}`;
    const problem = { code, ...rule, place, given: render(given), allowed, docs };
    this.found.push({ ...problem, message: describe(problem) });
  }
}

/** A value as text, short enough for a line; whatever it is. */
function render(value: unknown): string {
  let text: string | undefined;
  try {
    text = typeof value === "number" ? String(value) : JSON.stringify(value, legible);
  } catch {
    // A cycle or a BigInt: its kind says enough.
  }
  text ??= value === undefined ? "nothing" : `a ${typeof value}`;
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** JSON writes NaN and Infinity as null, which would hide what is wrong. */
function legible(_: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}
