import type { Place, Problems } from "#lib/policy/errors";
import type { Subject } from "#lib/policy/types";

/**
 * The most characters of a subject: four names of the greatest length. A limit's name contains its subject, and
 * RateLimit headers contain the name twice within 850 bytes.
 */
const MAX_LENGTH = 4 * 64 + 3;

/**
 * Reads a key of `limits`: "ip", "user|ip" (the first that has a value), "ip+account" (the combination) or
 * "global". It adds a problem and returns undefined when the key is invalid.
 */
export function readSubject(
  expression: string,
  known: readonly string[],
  place: Place,
  problems: Problems,
): Subject | undefined {
  if (expression === "global") return { expression, kind: "global", names: [] };
  const combined = expression.includes("+");
  const names = expression.split(combined ? "+" : "|");
  const countable = ["ip", ...known];
  if (expression.includes("|") && combined) {
    problems.add("BAD_SUBJECT", place, expression, "mixed");
    return undefined;
  }
  const repeated = new Set(names).size !== names.length;
  if (repeated || names.includes("") || names.includes("global")) {
    problems.add("BAD_SUBJECT", place, expression);
    return undefined;
  }
  if (expression.length > MAX_LENGTH) {
    problems.add("BAD_SUBJECT", place, expression, MAX_LENGTH);
    return undefined;
  }
  const unknown = names.filter((name) => !countable.includes(name));
  if (unknown.length > 0) {
    problems.add("UNKNOWN_IDENTITY", place, unknown.join(", "), ...countable, "global");
    return undefined;
  }
  return { expression, kind: combined ? "all" : "first", names };
}
