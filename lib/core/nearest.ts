/** A name that differs in more letters than this is another name, not a mistyped one. */
const MAX_DISTANCE = 2;
const MAX_LENGTH = 64;

/** The known name that was most likely meant, or undefined where none is close. */
export function nearest(given: string, known: readonly string[]): string | undefined {
  if (given.length > MAX_LENGTH) return undefined;
  const close = known
    .map((name) => ({ name, distance: distance(given.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, distance: far }) => far <= Math.min(MAX_DISTANCE, name.length - 1));
  return close.toSorted((a, b) => a.distance - b.distance)[0]?.name;
}

/** What is allowed, with a guess where one is close. */
export function withSuggestion(allowed: string, given: string, known: readonly string[]): string {
  const guess = nearest(given, known);
  return guess === undefined ? allowed : `${allowed}; did you mean "${guess}"?`;
}

/** Levenshtein's distance: letters put in, left out or changed. */
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
