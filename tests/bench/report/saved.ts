import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { drawMiddlewares } from "../../pictures/middlewares.ts";
import { byOrder } from "./order.ts";
import { fillPage } from "./evidence.ts";
import type { Saved } from "./types.ts";

const folderOf = (root: string) => join(root, "docs", "evidence", "figures");

/** Reads every saved report of a tree, in the order of measurement. */
export function readSaved(root: string): Saved[] {
  const folder = folderOf(root);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as Saved)
    .toSorted(byOrder);
}

/** Saves the report of one part, and keeps those of all others. */
export function save(root: string, saved: Saved): void {
  mkdirSync(folderOf(root), { recursive: true });
  const file = join(folderOf(root), `${saved.part}.json`);
  writeFileSync(file, `${JSON.stringify(saved, null, 2)}\n`);
}

/** Returns the paths of a tree's docs that may have figures of the benchmark, from its root. */
export function pagesOf(root: string): string[] {
  return globSync(["*.md", "docs/**/*.md"], { cwd: root });
}

/**
 * Writes the saved figures into every page of the docs, and draws the picture of middlewares.
 *
 * @returns the files that changed
 * @throws {Error} when a page names a figure that was not saved
 */
export function writeEvidence(root: string): string[] {
  const saved = readSaved(root);
  const texts = pagesOf(root).map((page): [string, string] => [
    page,
    fillPage(readFileSync(join(root, page), "utf8"), saved),
  ]);
  for (const { bars, ...about } of saved) {
    if (bars) texts.push([PICTURE, drawMiddlewares({ ...about, bars })]);
  }
  const changed = texts.filter(([file, text]) => text !== textOf(join(root, file)));
  for (const [file, text] of changed) writeFileSync(join(root, file), text);
  return changed.map(([file]) => file);
}

const PICTURE = "docs/pictures/middlewares.svg";

function textOf(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
