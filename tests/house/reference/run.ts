// npm run reference, and check:reference of npm run check
//
// With --write it writes the generated pages of docs. Without, it ends with 1 and names each page that is stale.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./page.ts";
import { PAGES } from "./pages.ts";

const stale: string[] = [];
for (const { path, build } of PAGES) {
  const file = join(ROOT, path);
  const text = await build();
  if (existsSync(file) && readFileSync(file, "utf8") === text) continue;
  stale.push(path);
  if (process.argv.includes("--write")) writeFileSync(file, text);
}
if (process.argv.includes("--write")) {
  console.log(stale.map((path) => `${path} is written.`).join("\n") || "Every page is up to date.");
} else if (stale.length > 0) {
  console.log(stale.map((path) => `${path} is stale: \`npm run reference\` writes it.`).join("\n"));
  process.exitCode = 1;
}
