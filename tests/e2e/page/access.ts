import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { faults, overflow, VIEWS } from "../../support/page.ts";
import type { StartPage } from "./browser.ts";
import { lane } from "./lane.ts";

/** Tests the page by keyboard, on a phone, in the dark scheme, and with axe. */
export function testAccess(shared: StartPage): void {
  const { open, startApp } = shared;

  test("the page works by keyboard alone, and shows the focus", async () => {
    const app = await startApp();
    const { page } = await open(app.url);
    const focused = () =>
      page.evaluate(() => {
        const element = document.activeElement ?? document.body;
        const { outlineStyle, outlineWidth } = getComputedStyle(element);
        return { name: element.textContent, outlineStyle, outlineWidth };
      });
    const stops: string[] = [];
    while (stops.at(-1) !== "Send 20 requests to search" && stops.length < 100) {
      await page.keyboard.press("Tab");
      const { name, ...outline } = await focused();
      stops.push(name);
      expect(outline).toStrictEqual({ outlineStyle: "solid", outlineWidth: "3px" });
    }
    expect(stops.slice(-2)).toStrictEqual([
      "Send 1 request to search",
      "Send 20 requests to search",
    ]);
    await page.keyboard.press("Enter");
    const { row, bars } = lane(page, "search");
    await expect
      .poll(() => row.getByText("10 allowed, 10 denied", { exact: true }).count())
      .toBe(1);
    expect([await bars("allowed"), await bars("denied")]).toStrictEqual([10, 10]);
    expect((await focused()).name).toBe("Send 20 requests to search");
  });

  test.each(VIEWS)(
    "the page fits %s, and axe finds no fault before and after a burst",
    async (_, view) => {
      const { page, problems } = await open(shared.url, { ...view, reducedMotion: "reduce" });
      expect(await faults(page)).toStrictEqual([]);
      await expectShortRows(page, view.viewport?.width === 375);
      const { row, bars, send } = lane(page, "search");
      await send(20);
      await expect.poll(() => row.locator("[data-outcome]").count()).toBe(20);
      expect(await bars("denied")).toBeGreaterThanOrEqual(10);
      expect(await faults(page)).toStrictEqual([]);
      expect(await overflow(page)).toBe(0);
      const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      expect(ground).toBe(view.colorScheme === "dark" ? "rgb(13, 27, 34)" : "rgb(243, 246, 246)");
      const animations = await page.evaluate(() => document.getAnimations().length);
      expect(animations).toBe(0);
      expect(problems).toStrictEqual([]);
    },
  );
}

/** A first lane is visible, its two buttons are side by side, and rows are short. */
async function expectShortRows(page: Page, isPhone: boolean): Promise<void> {
  const [one, many] = await Promise.all(
    [/^Send 1 /, /^Send 20 /].map((name) =>
      page.getByRole("button", { name }).first().boundingBox(),
    ),
  );
  expect(one?.y).toBeLessThan(isPhone ? 812 : 600);
  expect(many?.y).toBe(one?.y);
  expect(many?.x).toBeGreaterThan((one?.x ?? 0) + (one?.width ?? 0));
  const heights = await page
    .locator(".policy tbody tr")
    .evaluateAll((rows) => rows.map((row) => row.getBoundingClientRect().height));
  const sum = heights.reduce((all, height) => all + height, 0);
  expect(sum / heights.length).toBeLessThan(isPhone ? 230 : 100);
}
