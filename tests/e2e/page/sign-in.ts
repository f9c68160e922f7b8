import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import type { StartPage } from "./browser.ts";
import { lane } from "./lane.ts";

/** Tests the sample sign-in. */
export function testSignIn(shared: StartPage): void {
  const { open } = shared;

  describe("a sample sign-in", () => {
    const who = (page: Page, words: string) => page.getByText(words, { exact: true }).waitFor();
    const button = (page: Page, name: string) =>
      page
        .getByRole("region", { name: "The user who sends the requests" })
        .getByRole("button", { name });

    test("a click turns a lane's 401 into 200 and keeps its bars, until the person signs out", async () => {
      const { page, problems } = await open(shared.url);
      const { row, bars, send } = lane(page, "profile-update");
      const status = () => row.locator(".status").innerText();
      await send(1);
      await expect.poll(status).toContain("allowed; the route answered 401 Unauthorized");
      expect([await bars("allowed"), await bars("failed")]).toStrictEqual([1, 0]);
      expect(await row.locator("[data-outcome] title").textContent()).toMatch(
        /^allowed; the route answered 401 Unauthorized, \d+ ms$/,
      );
      await row.getByRole("button", { name: "Sign in as a sample artist" }).click();
      await who(page, "Signed in as sample-artist.");
      expect(await row.getByRole("button").count()).toBe(2);
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(
        "Send 1 request to profile-update",
      );
      await send(1);
      await expect.poll(status).toContain("200 OK");
      expect(await bars("allowed")).toBe(2);

      const [cookie] = await page.context().cookies();
      expect(cookie).toMatchObject({ name: "session", httpOnly: true, secure: true });
      await page.reload();
      await who(page, "Signed in as sample-artist.");
      await button(page, "Sign out").click();
      await who(page, "No user is signed in.");
      await send(1);
      await expect.poll(status).toContain("401 Unauthorized");
      expect(await page.context().cookies()).toStrictEqual([]);
      expect(problems).toStrictEqual([]);
    });

    test("a sample admin gets a response in the admin's lane, and a link to the dashboard", async () => {
      const { page, problems } = await open(shared.url);
      const dashboard = page.getByRole("link", { name: "Open the dashboard" });
      expect(await dashboard.getAttribute("href")).toBe("/dashboard/sign-in");
      const { row, send } = lane(page, "pipeline");
      await button(page, "Sign in as a sample artist").click();
      await who(page, "Signed in as sample-artist.");
      await send(1);
      const status = () => row.locator(".status").innerText();
      await expect.poll(status).toContain("allowed; the route answered 403 Forbidden");
      await row.getByRole("button", { name: "Sign in as a sample admin" }).click();
      await who(page, "Signed in as sample-admin.");
      expect(await dashboard.getAttribute("href")).toBe("/dashboard");
      await row.getByRole("combobox").selectOption("1");
      await send(1);
      await expect.poll(status).toContain("202 Accepted");
      expect(problems).toStrictEqual([]);
    });

    test("the sync of five tabs asks for a sign-in, instead of five responses with 401", async () => {
      const { page } = await open(shared.url);
      const sync = page.getByRole("region", { name: "Five tabs, one sync" });
      await sync.getByRole("button", { name: "Sign in as a sample artist" }).click();
      const press = sync.getByRole("button", { name: "Sync from five tabs" });
      await press.waitFor();
      expect(await press.evaluate((element) => element === document.activeElement)).toBe(true);
      await press.click();
      await expect
        .poll(() => sync.getByRole("status").innerText())
        .toMatch(/^Instagram was called once/);
    });

    test("a page of another site is rejected with 403, and gets no session", async () => {
      const foreign = await fetch(`${shared.url}/sample/sign-in`, {
        method: "POST",
        headers: { origin: "https://evil.example" },
        body: new URLSearchParams({ role: "admin" }),
        redirect: "manual",
      });
      expect([foreign.status, foreign.headers.get("set-cookie")]).toStrictEqual([403, null]);
    });
  });
}
