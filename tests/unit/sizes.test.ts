import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { BESIDE, ENTRIES } from "../house/sizes/bundles.ts";
import { measure } from "../house/sizes/measure.ts";
import { ALL, pageOf, staleness, tooLarge } from "../house/sizes/page.ts";
import { ROOT } from "../support/app.ts";

/** Returns the page for bundles of 10 kB, except one entry with this size, which is in one cell. */
const page = (ofEntry: number) =>
  pageOf(ALL.map((bundle) => (bundle === ENTRIES[0] ? ofEntry : 10_000)));

test("measure returns the bytes of each bundle in order, without the files to leave out", async () => {
  const source = 'export { durationMs } from "#lib/core/duration";';
  const [whole = 0, less = 0, nothing = 0] = await measure([
    { source },
    { source, without: ["lib/core/duration.ts"] },
    { source: "export {};" },
  ]);
  expect(whole).toBeGreaterThan(200);
  expect(less).toBeLessThan(whole / 3);
  expect(nothing).toBeLessThan(less);
});

test("measure names a file that cannot be left out", async () => {
  await expect(measure([{ source: "", without: ["lib/core/gone.ts"] }])).rejects.toThrow(
    "lib/core/gone.ts cannot be left out",
  );
});

test("a page is stale when a figure is off by more than 2 percent", () => {
  expect(staleness(page(10_200), page(10_000))).toEqual([]);
  expect(staleness(page(9_800), page(10_000))).toEqual([]);
  expect(staleness(page(10_210), page(10_000))).toEqual([expect.stringContaining("10.21")]);
  expect(staleness(page(9_790), page(10_000))).toEqual([expect.stringContaining("9.79")]);
});

test("a page is stale when a row is missing or has another name", () => {
  const written = page(10_000).replace("headgate/locks", "headgate/lock");
  expect(staleness(written, page(10_000))).toHaveLength(1);
  const short = page(10_000).replace(/^.*headgate\/locks.*\n/m, "");
  expect(staleness(short, page(10_000))).toHaveLength(1);
});

test("tooLarge names an entry that adds more to the factory than it may", () => {
  const sizes = (added: number) =>
    ALL.map((bundle) => (BESIDE.includes(bundle) && bundle.name === "headgate/live" ? added : 0));
  expect(tooLarge(sizes(2500))).toEqual([]);
  expect(tooLarge(sizes(2501))).toEqual([expect.stringContaining("headgate/live adds 2501")]);
});

test("docs/reference/sizes.md has the rows that `npm run sizes` writes", () => {
  const written = readFileSync(join(ROOT, "docs", "reference", "sizes.md"), "utf8");
  const words = (text: string) => text.replaceAll(/(?<=\| )-?\d+\.\d\d(?= \|)/g, "");
  expect(words(written)).toBe(words(page(10_000)));
});
