import { stripVTControlCharacters } from "node:util";
import { boundOf, countWanted, isMet, shown, shownOf } from "./wanted.ts";
import type { Report, Wanted } from "./types.ts";

/** The result of a part: a report, or the reason why nothing was measured. */
export type Outcome =
  | { readonly name: string; readonly what: string; readonly report: Report }
  | {
      readonly name: string;
      readonly what: string;
      readonly unmeasured: string;
      readonly hasFailed: boolean;
    };

const GREEN = "\x1b[32m";
const RED = "\x1b[31m";
const PLAIN = "\x1b[0m";

/** The most characters of a line, unless a word is longer. */
const WIDTH = 100;

/** From this number of figures on, figures that are all met are shown as a range. */
const MANY = 4;

/**
 * Renders the page that a run prints: for each part the wanted and the measured figures, and a last line that
 * counts the met figures and names the missed ones.
 *
 * @param isColored true on a terminal; the text is the same without color
 */
export function renderPage(outcomes: readonly Outcome[], isColored: boolean): string {
  const blocks = outcomes.map((outcome) => [headOf(outcome), ...linesOf(outcome, isColored)]);
  return `${[...blocks, endOf(outcomes)].map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function headOf({ name, what }: Outcome): string {
  return `${name}: ${what}`;
}

function linesOf(outcome: Outcome, isColored: boolean): string[] {
  if ("unmeasured" in outcome) return [`  not measured: ${outcome.unmeasured}`];
  const { wanted, tables } = outcome.report;
  if (wanted.length > 0) return wanted.map((one) => lineOf(one, isColored));
  const rows = tables.reduce((sum, table) => sum + table.rows.length, 0);
  return [`  measured, ${rows} rows; no figure is wanted of it`];
}

function lineOf(one: Wanted, isColored: boolean): string {
  return wrapped(`${one.what} (${boundOf(one)}): ${seenOf(one, isColored)}`);
}

/** Returns each figure, or only their range when there are many and all are met. */
function seenOf(one: Wanted, isColored: boolean): string {
  const values = one.seen.flatMap(({ value }) => value ?? []);
  if (one.seen.length >= MANY && one.seen.every((each) => isMet(one, each))) {
    const [least, most] = [shown(Math.min(...values)), shown(Math.max(...values))];
    const range = least === most ? least : `${least} to ${most}`;
    return `${range}, all ${one.seen.length} ${markOf(true, isColored)}`;
  }
  return one.seen
    .map((each) => {
      const at = each.at === "" ? "" : `${each.at} `;
      return `${at}${shownOf(one, each)} ${markOf(isMet(one, each), isColored)}`;
    })
    .join("; ");
}

/** Breaks a line between words, and indents the following lines. */
function wrapped(line: string): string {
  const lines = ["  "];
  for (const word of line.split(" ")) {
    const last = lines.at(-1) ?? "";
    const isFull = last.trim() !== "" && stripVTControlCharacters(last + word).length > WIDTH;
    if (isFull) lines.push(`      ${word} `);
    else lines[lines.length - 1] = `${last}${word} `;
  }
  return lines.map((each) => each.trimEnd()).join("\n");
}

function markOf(met: boolean, isColored: boolean): string {
  const word = met ? "met" : "missed";
  return isColored ? `${met ? GREEN : RED}${word}${PLAIN}` : word;
}

function endOf(outcomes: readonly Outcome[]): string[] {
  const reports = outcomes.flatMap((outcome) => ("report" in outcome ? [outcome.report] : []));
  const { all, met, missed } = countWanted(reports);
  const unmeasured = outcomes.filter((outcome) => "unmeasured" in outcome).map(({ name }) => name);
  return [
    `${met} of ${all} wanted figures are met.${missed.length > 0 ? " Missed:" : ""}`,
    ...missed.map(wrapped),
    ...(unmeasured.length > 0 ? [`Not measured: ${unmeasured.join(", ")}.`] : []),
  ];
}
