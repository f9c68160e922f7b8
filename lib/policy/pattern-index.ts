/** The index that finds which patterns of a policy match a path. */

import type { Pattern } from "./pattern.ts";

/** Returns the indexes of the lists that match a path. */
export type Find = (path: string) => readonly number[];

/**
 * The most characters of a reading that expressions are run on, because an expression could take long to fail.
 * Of a longer path only the head of a pattern must match. This is the stricter way, since such a path is never
 * exempt and its rules are never replaced.
 */
const MAX_MATCHED_LENGTH = 2048;

/** Returns true for a reading that expressions are not run on. */
export function isTooLong(reading: string): boolean {
  return reading.length > MAX_MATCHED_LENGTH;
}

/**
 * Makes the function that finds which of several lists of patterns match a path. It finds literal patterns by a
 * map, and runs the expressions of only those other patterns whose head begins the path. So the cost grows with
 * the number of different head lengths, and not with the number of rules.
 *
 * @param flags of a regular expression: with "i" letters match in any case
 */
export function patternIndex(lists: readonly (readonly Pattern[])[], flags: "is" | "s"): Find {
  const inCase = (text: string) => (flags === "is" ? text.toLowerCase() : text);
  const literals = new Map<string, number[]>();
  const heads = new Map<string, { readonly expression: RegExp; readonly index: number }[]>();
  for (const [index, patterns] of lists.entries()) {
    for (const pattern of patterns) {
      if ("expression" in pattern) {
        const { head } = pattern;
        const expression = new RegExp(pattern.expression, flags);
        heads.set(head, [...(heads.get(head) ?? []), { expression, index }]);
        continue;
      }
      const literal = inCase(pattern.literal);
      literals.set(literal, [...(literals.get(literal) ?? []), index]);
    }
  }
  const lengths = new Set([...heads.keys()].map(({ length }) => length));
  return (path) => {
    const found = [...(literals.get(inCase(path)) ?? [])];
    const lower = path.toLowerCase();
    for (const length of lengths) {
      const head = lower.slice(0, length);
      if (head.length < length) continue;
      for (const { expression, index } of heads.get(head) ?? []) {
        if (isTooLong(path) || expression.test(path)) found.push(index);
      }
    }
    return found;
  };
}
