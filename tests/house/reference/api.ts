import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Entry, firstSentence, readEntries } from "../../support/api.ts";
import { type Page, ROOT } from "./page.ts";

const PATH = "docs/reference/api.md";

/** Returns the lists of an entry. */
function listsOf({ values, types }: Entry): string {
  const rows = values.map(({ signature, doc }) => `- \`${signature}\`  \n  ${firstSentence(doc)}`);
  const names = types.map((name) => `\`${name}\``).join(", ");
  return [rows.join("\n"), ...(names ? [`Types: ${names}.`] : [])].filter(Boolean).join("\n\n");
}

/** The sentences about the page and about each entry stay as they are; the lists come from the source. */
export const API: Page = {
  path: PATH,
  build: () => {
    const [introduction = "", ...sections] = readFileSync(join(ROOT, PATH), "utf8").split(/^## /m);
    const about = new Map(
      sections.map((section) => {
        const [heading = "", ...lines] = section.split("\n");
        return [heading, lines.join("\n").trim()];
      }),
    );
    const others = [...about].filter(([heading]) => !heading.startsWith("headgate"));
    const entries = readEntries().map((entry) => {
      const [sentence = "TODO"] = about.get(entry.name)?.split("\n\n- ") ?? [];
      return `## ${entry.name}\n${sentence}\n\n${listsOf(entry)}\n`;
    });
    const before = others.map(([heading, text]) => `## ${heading}\n\n${text}\n`);
    return `${[introduction.trim(), "", ...before, ...entries].join("\n").trimEnd()}\n`;
  },
};
