/**
 * Returns names as a choice in words.
 *
 * @example
 * choiceOf(["0", "1", "only"]); // "0, 1 or only"
 */
export function choiceOf(names: readonly string[]): string {
  return names.join(", ").replace(/, ([^,]*)$/, " or $1");
}
