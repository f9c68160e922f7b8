import type { Wanted } from "#lib/core/client";
import { readSubject } from "#lib/policy/check/subject";
import { Problems } from "#lib/policy/errors";

/** Returns what limits that count these subjects want to know of a client: "user|ip", "ip+account". */
export function wanted(...expressions: readonly string[]): Wanted {
  const names = expressions.flatMap((expression) => expression.split(/[|+]/));
  const subjects = expressions.flatMap(
    (expression) => readSubject(expression, names, [], new Problems()) ?? [],
  );
  return { identities: names, subjects, trials: [] };
}
