// npm run sizes, and a part of npm run check:size
//
// Measures what runs at the edge. With --write it writes docs/reference/sizes.md; without, it compares the
// page with what is measured, and ends with 1 where the page is stale or an entry adds more than it may.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { measure } from "./measure.ts";
import { ALL, pageOf, staleness, tooLarge } from "./page.ts";

const PAGE = join(import.meta.dirname, "..", "..", "..", "docs", "reference", "sizes.md");

const sizes = await measure(ALL);
const measured = pageOf(sizes);
const beyond = tooLarge(sizes);
if (beyond.length > 0) {
  console.log(beyond.join("\n"));
  process.exitCode = 1;
}
if (process.argv.includes("--write")) {
  writeFileSync(PAGE, measured);
  console.log("docs/reference/sizes.md is written.");
} else {
  const stale = staleness(readFileSync(PAGE, "utf8"), measured);
  console.log(stale.join("\n") || "docs/reference/sizes.md agrees with what is measured.");
  if (stale.length > 0) {
    console.log("docs/reference/sizes.md is stale: `npm run sizes` writes it again.");
    process.exitCode = 1;
  }
}
