/** The column in which the text of a section begins. */
const COLUMN = 9;

/** Returns lines of text with a heading before the first. Returns an empty text without lines. */
export function section(name: string, lines: readonly string[]): string {
  return lines.map((line, i) => `${(i === 0 ? name : "").padEnd(COLUMN)}${line}`).join("\n");
}
