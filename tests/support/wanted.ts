import type { Wanted } from "#lib/core/client";
import { readSubject } from "#lib/policy/check/subject";
import { Problems } from "#lib/policy/errors";

/** Returns the client data that limits of these subjects need: "user|ip", "ip+account". */
export function wanted(...expressions: readonly string[]): Wanted {
  const names = expressions.flatMap((expression) => expression.split(/[|+]/));
  const subjects = expressions.flatMap(
    (expression) => readSubject(expression, names, [], new Problems()) ?? [],
  );
  return { identities: names, subjects, trials: [] };
}
