// Draws the pictures of the docs from what the production script does.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openEmbeddedStore } from "#lib/gateway/embedded/store";
import { drawLanes, runLanes } from "./edge-burst.ts";

const file = join(import.meta.dirname, "..", "..", "docs", "pictures", "edge-burst.svg");
const store = await openEmbeddedStore();
try {
  writeFileSync(file, drawLanes(await runLanes(store, "pictures")));
  console.log("docs/pictures/edge-burst.svg");
} finally {
  await store.close();
}
