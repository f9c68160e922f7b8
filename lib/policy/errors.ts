import { BRAND } from "#lib/core/brand";
import { HeadgateError } from "#lib/core/errors";
import type { Place, ProblemCode } from "./codes.ts";
import { development } from "./development.ts";
import type { Detail } from "./sentences.ts";

export { type Place, PROBLEM_CODES, type ProblemCode } from "./codes.ts";

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

/** What a problem of a production build says, which has no sentences. */
const IN_SHORT = "what `npx headgate check` says";

/** Collects problems while a policy is read. */
export class Problems {
  readonly found: PolicyProblem[] = [];

  /** Whether anything is wrong at a place or inside it. */
  has(place: Place): boolean {
    return this.found.some((problem) => place.every((step, i) => problem.place[i] === step));
  }

  /** Adds a problem. @param details what the sentence of its code says beside what is always the same */
  add(code: ProblemCode, place: Place, given: unknown, ...details: readonly Detail[]): void {
    const full = development();
    const allowed = full ? full.say(full.sentences[code], { place, given, details }) : IN_SHORT;
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
