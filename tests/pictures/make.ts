// Draws the pictures of the docs: from what the production script does, and the dashboard. The one of
// middlewares is drawn from what was measured, by `npm run bench -- --save`.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openEmbeddedStore } from "#lib/embedded/store";
import { drawDashboard } from "./dashboard.ts";
import { drawLanes, runLanes } from "./edge-burst.ts";

const folder = join(import.meta.dirname, "..", "..", "docs", "pictures");
const store = await openEmbeddedStore();
try {
  writeFileSync(join(folder, "edge-burst.svg"), drawLanes(await runLanes(store, "pictures")));
  console.log("docs/pictures/edge-burst.svg");
} finally {
  await store.close();
}

writeFileSync(join(folder, "dashboard.png"), await drawDashboard());
console.log("docs/pictures/dashboard.png");
