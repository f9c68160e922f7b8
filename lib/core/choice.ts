/**
 * Returns names as a list for a sentence, with "or" before the last.
 *
 * @example
 * choiceOf(["0", "1", "only"]); // "0, 1 or only"
 */
export function choiceOf(names: readonly string[]): string {
  return names.join(", ").replace(/, ([^,]*)$/, " or $1");
}
