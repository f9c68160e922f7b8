import { mustBe } from "#lib/core/argument";
import { BRAND } from "#lib/core/brand";
import { HeadgateError } from "#lib/core/errors";
import type { Place, ProblemCode } from "./codes.ts";
import { development } from "./development.ts";
import type { Detail } from "./sentences.ts";

export { type Place, PROBLEM_CODES, type ProblemCode } from "./codes.ts";

/** A problem in a policy, and what to do. */
export interface PolicyProblem {
  readonly code: ProblemCode;
  /** The rule at fault, if the problem is in a rule. */
  readonly rule?: string;
  readonly place: Place;
  /** The given value, shortened. */
  readonly given: string;
  readonly allowed: string;
  /** The section of the docs that explains the code. */
  readonly docs: string;
  /** The problem in one line. */
  readonly message: string;
}

/** The error for an invalid policy, with all its problems. */
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
  return `${code}: ${mustBe(writePlace(place), allowed, given)} (${docs})`;
}

/** Returns a place in the form of code: rules.search.limits.ip[0]. */
export function writePlace(place: Place): string {
  const written = place.map((step) => {
    if (typeof step === "number") return `[${step}]`;
    return /^[A-Za-z_$][\w$]*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
  });
  return written.join("").replace(/^\./, "") || "policy";
}

/** The text of problems in a production build, which has no sentences. */
const IN_SHORT = "as `npx headgate check` explains";

/** Collects problems while a policy is read. */
export class Problems {
  readonly found: PolicyProblem[] = [];

  /** Returns true when there is a problem at a place or inside it. */
  has(place: Place): boolean {
    return this.found.some((problem) => place.every((step, i) => problem.place[i] === step));
  }

  /** Adds a problem. @param details the variable parts of the sentence of its code */
  add(code: ProblemCode, place: Place, given: unknown, ...details: readonly Detail[]): void {
    const full = development();
    const allowed = full ? full.say(full.sentences[code], { place, given, details }) : IN_SHORT;
    const rule = place[0] === "rules" && typeof place[1] === "string" ? { rule: place[1] } : {};
    const docs = `headgate/docs/reference/policy-errors.md#${code.toLowerCase()}`;
    const problem = { code, ...rule, place, given: render(given), allowed, docs };
    this.found.push({ ...problem, message: describe(problem) });
  }
}

/** Returns any value as text that is short enough for a line. */
function render(value: unknown): string {
  let text: string | undefined;
  try {
    text = typeof value === "number" ? String(value) : JSON.stringify(value, legible);
  } catch {
    // A cycle or a BigInt: its type is shown.
  }
  text ??= value === undefined ? "nothing" : `a ${typeof value}`;
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** JSON writes NaN and Infinity as null, which would hide the mistake. */
function legible(_: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}
