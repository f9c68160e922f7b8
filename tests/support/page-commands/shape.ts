import { stripVTControlCharacters } from "node:util";

/** Parts of an output that differ in each run, and the words that stand for them. */
const CHANGING: readonly (readonly [RegExp, string])[] = [
  // A client key; the namespace of a Redis key; the name of a limit.
  [/(?<![\w-])[\w-]{22}(?![\w-])/g, "KEY"],
  [/[\w-]+(?=:rate_limit:)/g, "NAMESPACE"],
  [/[\w-]+:(?:[\w|+]+:)+(?=(?:second|minute|hour|day|\d))/g, "LIMIT:"],
  [/^[\w-]+(?=: (?:denied|allowed) by )/g, "RULE"],
  [/\d{4}-\d\d-\d\d/g, "DAY"],
  [/(?<=\b(?:retry-after: |[rt]=))\d+/gi, "N"],
  // A number of three digits that stands alone may be a status, which must be the one of the page.
  [/(?<![\w.])(?![1-5]\d\d(?![\w.]))\d[\d.,]*(?![\w])/g, "N"],
  [/\s+/g, " "],
];

/** Returns the lines of an output without what differs in each run. */
function shapesOf(output: string): readonly string[] {
  const lines = stripVTControlCharacters(output)
    .split("\n")
    .map((line) => line.trim())
    .flatMap(membersOf);
  return lines
    .filter((line) => line !== "")
    .map((line) => CHANGING.reduce((text, [part, word]) => text.replaceAll(part, word), line));
}

/** Returns a line for each limit of a RateLimit header, and any other line as it is. */
function membersOf(line: string): readonly string[] {
  const [, name, value] = /^(ratelimit(?:-policy)?: )(.*)$/i.exec(line) ?? [];
  return value === undefined ? [line] : value.split(", ").map((limit) => `${name}${limit}`);
}

/**
 * Compares an output with the one that a page shows.
 *
 * @param isExcerpt true when the page may leave out lines, and the end of a line
 * @returns the first line that differs, or undefined
 */
export function differingLine(
  output: string,
  printed: string,
  isExcerpt: boolean,
): string | undefined {
  const shown = shapesOf(printed);
  const found = shapesOf(output);
  let from = 0;
  for (const line of shown) {
    const at = isExcerpt
      ? found.findIndex((text, place) => place >= from && `${text} `.startsWith(`${line} `))
      : found.indexOf(line, from);
    if (at === -1 || (at > from && !isExcerpt)) return line;
    from = at + 1;
  }
  return isExcerpt ? undefined : found[from];
}
