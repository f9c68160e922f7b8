import { expect, test } from "vitest";
import * as assets from "#lib/dashboard/assets";
import { brotliBytes, bundleAssets, MOST_BYTES } from "../../house/assets/bundle.ts";

test("the committed script and style match the page's source", async () => {
  const bundled = await bundleAssets();
  expect(bundled.script === assets.SCRIPT, "npm run assets was forgotten").toBe(true);
  expect(bundled.style === assets.STYLE, "npm run assets was forgotten").toBe(true);
});

test("the names of script and style contain a hash of their content", () => {
  expect(assets.SCRIPT_NAME).toMatch(/^script-[\da-f]{8}\.js$/);
  expect(assets.STYLE_NAME).toMatch(/^style-[\da-f]{8}\.css$/);
});

test("the script is within its size limit, and imports nothing", () => {
  expect(brotliBytes(assets.SCRIPT)).toBeLessThanOrEqual(MOST_BYTES);
  expect(assets.SCRIPT).not.toMatch(/\bimport\s*["'`{(*]/);
});
