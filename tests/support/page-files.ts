import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "./app.ts";

/** Writes the files that a page of the docs shows into a folder. The page names each file in its first line. */
export function writeFilesOf(page: string, folder: string): void {
  const text = readFileSync(join(ROOT, "docs", page), "utf8");
  for (const [, path = "", code = ""] of text.matchAll(/^```tsx?\n\/\/ (\S+)\n(.*?)^```$/gms)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), code);
  }
}
