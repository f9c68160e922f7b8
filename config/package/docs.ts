import { cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** The folders of docs for readers of the package. The others are for people who change Headgate. */
const FOLDERS = ["start", "guides", "concepts", "reference", "operate"];

const KINDS = ["md", "yml", "json", "service"];

/** A link or a picture of Markdown: a mark for pictures, the text, and the target without its anchor. */
const LINK = /(!?)\[([^\]]*)\]\((?!https?:|mailto:|#)([^)\s#]+)(?:#[^)\s]*)?\)/g;

/**
 * Copies the pages for readers into a package, with docs/llms.txt. A link to a page that the package does not
 * have becomes plain text, and so does a picture.
 *
 * @param to the folder of the package
 */
export function copyDocs(root: string, to: string): void {
  const docs = join(root, "docs");
  const pattern = `{${FOLDERS.join(",")}}/**/*.{${KINDS.join(",")}}`;
  const files = new Set([...globSync(pattern, { cwd: docs }), "llms.txt"]);
  for (const file of files) {
    const target = join(to, "docs", file);
    mkdirSync(dirname(target), { recursive: true });
    if (!file.endsWith(".md")) {
      cpSync(join(docs, file), target);
      continue;
    }
    const text = readFileSync(join(docs, file), "utf8");
    const isThere = (link: string) => files.has(relative(docs, join(docs, dirname(file), link)));
    writeFileSync(
      target,
      text.replaceAll(LINK, (whole: string, picture: string, words: string, link: string) =>
        picture === "" && isThere(link) ? whole : words,
      ),
    );
  }
}
