/** A name that differs in more letters is another name, not a mistyped one. */
const MAX_DISTANCE = 2;
const MAX_LENGTH = 64;

/** Returns the known name that was most likely meant; undefined when no known name is close. */
export function nearest(given: string, known: readonly string[]): string | undefined {
  if (given.length > MAX_LENGTH) return undefined;
  const close = known
    .map((name) => ({ name, distance: distance(given.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, distance: far }) => far <= Math.min(MAX_DISTANCE, name.length - 1));
  return close.toSorted((a, b) => a.distance - b.distance)[0]?.name;
}

/** Returns the text of what is allowed, with the nearest known name as a suggestion if there is one. */
export function withSuggestion(allowed: string, given: string, known: readonly string[]): string {
  const guess = nearest(given, known);
  return guess === undefined ? allowed : `${allowed} (did you mean "${guess}"?)`;
}

/** Returns the Levenshtein distance: the number of inserted, deleted or changed letters. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const changed = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
