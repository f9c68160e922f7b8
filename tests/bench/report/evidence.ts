import { tableOf } from "../numbers.ts";
import { boundOf, countWanted, isMet, shownOf } from "./wanted.ts";
import type { Saved, Wanted } from "./types.ts";

/** A block of the benchmark in a page of the docs, between a line `<!-- bench:PART -->` and `<!-- /bench -->`. */
const BLOCK = /^<!-- bench:([\w-]+) -->\n[\s\S]*?^<!-- \/bench -->$/gm;

/** A figure inside a text: `<!-- f:PART.NAME -->` before it and `<!-- / -->` after it. */
const FIGURE = /<!-- f:([\w-]+)\.([\w.-]+) -->.*?<!-- \/ -->/g;

/** The name in a block's marker for the summary of all parts. */
const SUMMARY = "summary";

/**
 * Writes saved figures into a page of the docs, between its markers. The rest of the page stays as it is.
 *
 * @throws {Error} when a marker names a figure that was not saved, or a block has no end
 */
export function fillPage(page: string, saved: readonly Saved[]): string {
  const of = (part: string) => saved.find((each) => each.part === part);
  const filled = page
    .replaceAll(BLOCK, (_, part: string) => {
      const body = part === SUMMARY ? summaryOf(saved) : blockOf(part, of(part));
      return `<!-- bench:${part} -->\n${body}\n<!-- /bench -->`;
    })
    .replaceAll(FIGURE, (_, part: string, name: string) => {
      const figure = of(part)?.figures?.[name];
      if (figure === undefined) throw new Error(`No figure ${name} of the part ${part} is saved.`);
      return `<!-- f:${part}.${name} -->${figure}<!-- / -->`;
    });
  for (const kind of ["bench:", "f:"]) expectEnds(page, kind);
  return filled;
}

function expectEnds(page: string, kind: string): void {
  const begun = page.split(`<!-- ${kind}`).length - 1;
  const found = page.match(kind === "f:" ? FIGURE : BLOCK)?.length ?? 0;
  if (begun === found) return;
  throw new Error(`A marker <!-- ${kind}… --> of the page has no end, or stands in another one.`);
}

/** Returns the handwritten part of a page, without the contents of its markers. */
export function byHand(page: string): string {
  return page.replaceAll(BLOCK, "").replaceAll(FIGURE, "");
}

function blockOf(part: string, saved: Saved | undefined): string {
  if (!saved) return `Not measured yet: \`npm run bench -- --only ${part} --save\` does it.`;
  const { wanted, tables } = saved;
  const lines = [
    `Measured on ${saved.date} at commit \`${saved.commit}\` by \`${saved.command}\`, on ${saved.machine}; ${saved.versions.join(", ")}.`,
  ];
  if (wanted.length > 0) lines.push(countsOf([saved]), wantedTable(wanted));
  for (const { title, head, rows } of tables) lines.push(title, tableOf(head, rows));
  return lines.join("\n\n");
}

function countsOf(saved: readonly Saved[]): string {
  const { all, met } = countWanted(saved);
  return `${met} of the ${all} wanted figures are met:`;
}

function summaryOf(saved: readonly Saved[]): string {
  const { all, met } = countWanted(saved);
  const lines = saved.flatMap(({ part, wanted }) => {
    const { missed } = countWanted([{ wanted }]);
    return missed.map((miss) => `- \`${part}\`: ${miss}`);
  });
  const first = `${met} of the ${all} wanted figures are met.`;
  return lines.length === 0 ? first : `${first} Missed:\n\n${lines.join("\n")}`;
}

function wantedTable(wanted: readonly Wanted[]): string {
  const rows = wanted.flatMap((one) =>
    one.seen.map((each) => [
      [one.what, each.at].filter((word) => word !== "").join(", "),
      boundOf(one),
      shownOf(one, each),
      isMet(one, each) ? "met" : "missed",
    ]),
  );
  return tableOf(["what", "wanted", "measured", ""], rows);
}
