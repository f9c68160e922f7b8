// npm run assets, and a part of npm run check
//
// Bundles script and style of the dashboard's page. With --write it writes lib/dashboard/assets.ts; without,
// it compares, and ends with 1 where the file is stale. It ends with 1, too, where the script is too large.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { ASSETS, brotliBytes, bundleAssets, MOST_BYTES, sourceOf } from "./bundle.ts";

const assets = await bundleAssets();
const source = sourceOf(assets);
const bytes = brotliBytes(assets.script);
const kB = (bytes: number): string => (bytes / 1000).toFixed(1);
console.log(
  `The dashboard's script has ${kB(bytes)} kB by brotli, of ${kB(MOST_BYTES)} that it may have; its style ${kB(brotliBytes(assets.style))} kB.`,
);
if (bytes > MOST_BYTES) process.exitCode = 1;
if (process.argv.includes("--write")) {
  writeFileSync(ASSETS, source);
  console.log("lib/dashboard/assets.ts is written.");
} else if (!existsSync(ASSETS) || readFileSync(ASSETS, "utf8") !== source) {
  console.log("lib/dashboard/assets.ts is stale: `npm run assets` writes it again.");
  process.exitCode = 1;
}
