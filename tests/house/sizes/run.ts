// npm run sizes, and a part of npm run check:size
//
// Measures what runs at the edge. With --write it writes docs/reference/sizes.md; without, it compares the
// page with what is measured, and ends with 1 where the page is stale.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { measure } from "./measure.ts";
import { ALL, pageOf, staleness } from "./page.ts";

const PAGE = join(import.meta.dirname, "..", "..", "..", "docs", "reference", "sizes.md");

const measured = pageOf(await measure(ALL));
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
