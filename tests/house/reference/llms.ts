import { globSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Page } from "./page.ts";
import { ROOT } from "./page.ts";

const DOCS = join(ROOT, "docs");

/** The folders of docs that readers of the package have, with their headings. */
export const SHIPPED = {
  start: "Start",
  guides: "Guides",
  concepts: "Concepts",
  reference: "Reference",
  operate: "Operate",
} as const;

/** In the form of llmstxt.org. */
export const LLMS: Page = {
  path: "docs/llms.txt",
  build: () =>
    [
      "# Headgate",
      "> Headgate is a rate limiter for Next.js apps. One file declares the limits, middleware checks every request against them before a handler runs, and Redis over HTTP holds the counts, so that all instances agree. Locks and deduplication use the same Redis.",
      "The npm package `headgate` contains these pages in its folder `docs`. Commands run by `npx headgate`.",
      ...Object.entries(SHIPPED).map(([folder, title]) => `## ${title}\n\n${linksOf(folder)}`),
    ].join("\n\n") + "\n",
};

function linksOf(folder: string): string {
  const pages = globSync(`${folder}/**/*.md`, { cwd: DOCS }).toSorted();
  return pages
    .map((page) => {
      const text = readFileSync(join(DOCS, page), "utf8");
      const [, title = page] = /^# (.+)$/m.exec(text) ?? [];
      return `- [${title}](${relative(DOCS, join(DOCS, page))}): ${firstSentence(text)}`;
    })
    .join("\n");
}

/** Returns the first sentence after the title, without links. */
function firstSentence(text: string): string {
  const paragraphs = text.split(/\n{2,}|\n(?=#)/).map((one) => one.trim());
  const first = paragraphs.find((one) => /^(?!```)[\p{L}`*"]/u.test(one)) ?? "";
  const plain = first
    .replaceAll(/\s+/g, " ")
    .replaceAll(/!?\[([^\]]+)\]\([^)]+\)/g, "$1")
    .replaceAll(/<!--.*?-->/g, "");
  return /^.*?[.!?](?= |$)/.exec(plain)?.[0] ?? plain.replace(/:$/, ".");
}
