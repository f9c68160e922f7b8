import { wholeProblem } from "#lib/core/argument";

/** What a call of `limit` is given beside the rule and the identities. */
interface CallOptions {
  readonly cost?: number;
  readonly request?: Request;
}

/** Returns what is wrong with a call; undefined for a sound one. Its values may be a request's own JSON. */
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
