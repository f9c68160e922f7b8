import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { drawLanes, runLanes } from "../pictures/edge-burst.ts";
import { STORES } from "../support/stores.ts";

const pictures = join(import.meta.dirname, "..", "..", "docs", "pictures");

test.each(STORES)("the docs' picture matches the script on $name", async (kind) => {
  const running = await kind.start();
  onTestFinished(() => running.stop());
  const store = await running.open();
  onTestFinished(() => store.close());
  const lanes = await runLanes(store, "pictures");
  for (const { most, bound } of lanes) expect(most).toBeLessThanOrEqual(bound);
  // `npm run pictures` draws the picture again.
  expect(drawLanes(lanes)).toBe(readFileSync(join(pictures, "edge-burst.svg"), "utf8"));
});
