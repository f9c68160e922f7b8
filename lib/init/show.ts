import { createTwoFilesPatch } from "diff";
import type { PlannedChange } from "./plan.ts";

/** The colours of a line of a diff, by its first character; headings come first. */
const COLOURS: readonly (readonly [line: RegExp, code: number])[] = [
  [/^(?:---|\+\+\+|=+)/, 1],
  [/^@@/, 36],
  [/^\+/, 32],
  [/^-/, 31],
];

/**
 * Returns the changes as a unified diff, which `git apply` and `patch -p1` accept.
 *
 * @param isColoured whether additions and deletions are coloured by escape sequences
 */
export function showChanges(changes: readonly PlannedChange[], isColoured: boolean): string {
  const diff = changes.map(diffOf).join("\n");
  return isColoured ? diff.split("\n").map(coloured).join("\n") : diff;
}

function diffOf({ path, before, after, why }: PlannedChange): string {
  const old = before === undefined ? "/dev/null" : `a/${path}`;
  const patch = createTwoFilesPatch(old, `b/${path}`, before ?? "", after, "", "");
  const body = patch.replace(/^=+\n/, "").replaceAll(/^(---|\+\+\+) (.*?)\t*$/gm, "$1 $2");
  return `# ${path}: ${why}\n${body}`;
}

function coloured(line: string): string {
  const code = COLOURS.find(([start]) => start.test(line))?.[1];
  return code === undefined ? line : `\u001B[${code}m${line}\u001B[0m`;
}
