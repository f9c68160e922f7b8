// Draws the pictures of the docs: from what the production script does, and from what was measured.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openEmbeddedStore } from "#lib/embedded/store";
import { drawDashboard } from "./dashboard.ts";
import { drawMiddlewares, type MiddlewareFigures } from "./middlewares.ts";
import { drawLanes, runLanes } from "./edge-burst.ts";

const folder = join(import.meta.dirname, "..", "..", "docs", "pictures");
const store = await openEmbeddedStore();
try {
  writeFileSync(join(folder, "edge-burst.svg"), drawLanes(await runLanes(store, "pictures")));
  console.log("docs/pictures/edge-burst.svg");
} finally {
  await store.close();
}

const figures = readFileSync(join(folder, "middlewares.json"), "utf8");
writeFileSync(
  join(folder, "middlewares.svg"),
  drawMiddlewares(JSON.parse(figures) as MiddlewareFigures),
);
console.log("docs/pictures/middlewares.svg");

writeFileSync(join(folder, "dashboard.png"), await drawDashboard());
console.log("docs/pictures/dashboard.png");
