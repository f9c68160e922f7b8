import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import type { DashboardBrowser } from "./browser.ts";

/** Tests the page's stream, and what the page says while it has no stream. */
export function testConnection(browser: DashboardBrowser): void {
  const { open, openPrepared } = browser;

  describe("the connection", () => {
    const status = (page: Page) => page.getByRole("status").innerText();

    test("the page recovers after the server was unavailable, and a screen reader announces both", async () => {
      const { server, page, problems } = await open();
      await page.getByText("shop-production").waitFor();
      expect(await status(page)).toBe("");
      await server.stop();
      await page.getByText(/The numbers below are \d+ s old\./).waitFor();
      expect(await status(page)).toBe("The app does not answer; trying again.");
      expect(await page.locator(".numbers.stale").count()).toBe(1);
      expect(await page.getByRole("button", { name: "webhooks" }).count()).toBe(1);
      const before = await ageShown(page);
      await expect.poll(() => ageShown(page)).toBeGreaterThan(before);
      await server.start();
      await page.locator(".stale").waitFor({ state: "detached" });
      expect(await status(page)).toBe("All is well again.");
      expect(problems).toEqual([]);
    });

    test("the page reconnects silently when a stream ends", async () => {
      const { server, page } = await open();
      await page.getByText("shop-production").waitFor();
      server.endStreams();
      await expect.poll(() => server.opened).toBe(2);
      await expect.poll(() => ageShown(page)).toBeLessThan(2);
      expect(await status(page)).toBe("");
    });

    test("the page says that access ended, and reconnects when the network returns", async () => {
      const { server, page, context } = await open();
      await page.getByText("shop-production").waitFor();
      server.script.status = 401;
      server.endStreams();
      await page.getByText("Sign in again, then reload.").waitFor();
      expect(await status(page)).toBe("You no longer have access.");
      server.script.status = 200;
      await context.setOffline(true);
      await context.setOffline(false);
      await page.locator(".stale").waitFor({ state: "detached" });
    });

    test("a hidden page closes its stream, and opens it when it is shown again", async () => {
      const { server, page } = await openPrepared((it) => it.clock.install());
      await page.getByText("shop-production").waitFor();
      await setVisibility(page, "hidden");
      expect(server.streaming).toBe(1);
      await page.clock.fastForward(61_000);
      await expect.poll(() => server.streaming).toBe(0);
      await setVisibility(page, "visible");
      await expect.poll(() => server.streaming).toBe(1);
    });

    test("the page shows the right age of numbers in a browser with a wrong clock", async () => {
      const { page } = await openPrepared((it) => it.clock.setFixedTime(new Date("2001-01-01")));
      await expect.poll(() => ageShown(page)).toBeLessThan(3);
    });
  });
}

function setVisibility(page: Page, state: DocumentVisibilityState): Promise<unknown> {
  return page.evaluate((state) => {
    Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
    return document.dispatchEvent(new Event("visibilitychange"));
  }, state);
}

/** Returns the age of the numbers that the page shows, in seconds. */
function ageShown(page: Page): Promise<number> {
  return page
    .getByText(/^as of \d+ s ago$/)
    .innerText()
    .then((text) => Number(/\d+/.exec(text)));
}
