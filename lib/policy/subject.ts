import type { Place, Problems } from "./errors.ts";
import type { Subject } from "./types.ts";

/**
 * Reads a key of `limits`: "ip", "user|ip" (the first that has a value), "ip+account" (the
 * combination) or "global"; undefined where it cannot be, with the problem noted.
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
    problems.add("BAD_SUBJECT", place, expression, "a|b or a+b, not both in one");
    return undefined;
  }
  if (new Set(names).size !== names.length || names.includes("global")) {
    problems.add("BAD_SUBJECT", place, expression, "each name once, and global alone");
    return undefined;
  }
  const unknown = names.filter((name) => !countable.includes(name));
  if (unknown.length > 0) {
    const list = [...countable, "global"].join(", ");
    problems.add("UNKNOWN_IDENTITY", place, unknown.join(", "), `${list} (config/identities.ts)`);
    return undefined;
  }
  return { expression, kind: combined ? "all" : "first", names };
}
