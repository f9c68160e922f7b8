import { kindOf, mustBe, wholeProblem } from "#lib/core/argument";

/** The options of a call of `limit`. */
interface CallOptions {
  readonly cost?: number;
  readonly request?: Request;
}

/** Returns the problem of a call; undefined for a valid one. Its values may be JSON that a client sent. */
export function problemOf(given: unknown, { cost, request }: CallOptions): string | undefined {
  const wrongCost = cost === undefined ? undefined : wholeProblem("cost", cost, 1);
  if (wrongCost !== undefined) return wrongCost;
  if (typeof given !== "object" || given === null) {
    return mustBe("identities", "an object", kindOf(given));
  }
  if (
    request !== undefined &&
    typeof (request as Partial<Request> | null)?.headers?.get !== "function"
  ) {
    return "request must be a Request, or undefined, but has no headers.";
  }
  const wrong = Object.entries(given).find(
    ([, value]) => value !== undefined && typeof value !== "string",
  );
  if (!wrong) return undefined;
  const [name, value] = wrong as [string, unknown];
  return mustBe(name, "text, or undefined where it is not known", kindOf(value));
}

/** Returns the message for a rule that the policy does not have. */
export function unknownRule(rule: string, known: Iterable<string>): string {
  return `There is no rule ${JSON.stringify(rule)}. The rules are ${[...known].join(", ")}.`;
}
