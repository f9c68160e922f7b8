import { wholeProblem } from "#lib/core/argument";

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
    return `identities is ${given === null ? "null" : `a ${typeof given}`}; allowed: an object.`;
  }
  if (
    request !== undefined &&
    typeof (request as Partial<Request> | null)?.headers?.get !== "function"
  ) {
    return "request has no headers; allowed: a Request, or undefined.";
  }
  const wrong = Object.entries(given).find(
    ([, value]) => value !== undefined && typeof value !== "string",
  );
  if (!wrong) return undefined;
  const [name, value] = wrong as [string, unknown];
  return `${name} is a ${typeof value}; allowed: text, or undefined where it is not known.`;
}

/** Returns the message for a rule that the policy does not have. */
export function unknownRule(rule: string, known: Iterable<string>): string {
  return `There is no rule ${JSON.stringify(rule)}. Known: ${[...known].join(", ")}.`;
}
