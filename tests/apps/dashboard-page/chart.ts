import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { minuteAt, snapshotAt } from "../../support/dashboard-fixture.ts";
import { chartOf, DENIED, labelOf, well, type DashboardBrowser } from "./browser.ts";
import { faultsOf } from "./faults.ts";

/** Tests the chart. */
export function testChart(browser: DashboardBrowser): void {
  const { open } = browser;

  describe("the chart", () => {
    test("the chart changes with each snapshot", async () => {
      let denied = 5;
      const { page, problems } = await open({
        ...well,
        snapshot: (now) => snapshotAt(now, { minutes: [minuteAt(now, "search", denied)] }),
      });
      await expect.poll(() => labelOf(page, DENIED)).toMatch(/denied: last 5, /);
      denied = 1234;
      await expect.poll(() => labelOf(page, DENIED)).toMatch(/denied: last 1,234, most 1,234 at/);
      expect(problems).toEqual([]);
    });

    test("the chart redraws its lines for the other scheme and width", async () => {
      const { page } = await open(well, { colorScheme: "light" });
      await chartOf(page, DENIED).waitFor();
      const colors = () => colorsOf(page);
      const [blue, red] = [[0, 106, 138].join(), [179, 38, 30].join()];
      await expect.poll(colors).toEqual(expect.arrayContaining([blue, red]));
      await page.emulateMedia({ colorScheme: "dark" });
      await expect.poll(colors).toContain([84, 199, 234].join());
      expect(await colors()).not.toContain(blue);
      await page.setViewportSize({ width: 375, height: 800 });
      const canvas = page.locator("canvas").first();
      await expect.poll(async () => (await canvas.boundingBox())?.width).toBeLessThan(375);
    });

    test("the chart shows values under the pointer, and hides a line on a click", async () => {
      const { page } = await open();
      const plot = chartOf(page, DENIED);
      await plot.scrollIntoViewIfNeeded();
      const legend = page.locator(".legend").last();
      await legend.getByText("still running").waitFor();
      await plot.hover({ position: { x: 200, y: 60 } });
      await legend.getByText("still running").waitFor({ state: "detached" });
      const denied = legend.getByRole("button", { name: "denied" });
      await denied.press("Enter");
      expect(await denied.getAttribute("aria-pressed")).toBe("false");
    });

    test("the chart can be chosen, changed and read as a table by keyboard alone", async () => {
      const { page } = await open();
      await page.getByRole("button", { name: "webhooks" }).press("Enter");
      await chartOf(page, /^Decisions of webhooks, by minute, last hour\. allowed/).waitFor();
      await page.getByRole("radio", { name: "last hour" }).press("ArrowRight");
      await chartOf(page, /^Decisions of webhooks, by ten minutes, last day\. allowed/).waitFor();
      await page.getByLabel("Chart of").selectOption("sync");
      await page.getByRole("radio", { name: "last day" }).press("ArrowLeft");
      const figure = page.getByRole("figure", { name: "Decisions of sync, by minute, last hour" });
      await figure.getByRole("button", { name: "Show as table" }).press("Space");
      const table = figure.getByRole("region", { name: /as a table$/ });
      expect(await table.getByRole("row").count()).toBe(61);
      expect(await table.getByRole("columnheader").allInnerTexts()).toEqual([
        "time",
        "allowed",
        "denied",
        "would deny",
        "degraded",
      ]);
      await table.focus();
      await page.keyboard.press("End");
      await expect.poll(() => table.evaluate((it) => it.scrollTop)).toBeGreaterThan(100);
      await expect.poll(() => faultsOf(page)).toEqual([]);
      await figure.getByRole("button", { name: "Show as table" }).press("Space");
      await chartOf(page, /^Decisions of sync/)
        .first()
        .waitFor();
    });
  });
}

/** The colours of all opaque pixels of the charts. */
function colorsOf(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const seen = new Set<string>();
    for (const canvas of document.querySelectorAll("canvas")) {
      const data = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data;
      for (let i = 0; data && i < data.length; i += 4)
        if (data[i + 3] === 255) seen.add(data.slice(i, i + 3).join());
    }
    return [...seen];
  });
}
