import { describe, expect, test } from "vitest";
import { CLIENT_KEY, controlAt } from "../../support/dashboard-control.ts";
import { STATES } from "../../support/dashboard-states.ts";
import { well, type DashboardBrowser } from "./browser.ts";
import { defectsOf } from "./faults.ts";

/** Tests every state of the page in both schemes and widths. */
export function testStates(browser: DashboardBrowser): void {
  const { open } = browser;

  describe("in both schemes and widths", () => {
    test.each(Object.entries(STATES))("the page has no fault when it shows %s", async (_, sent) => {
      const { page, problems } = await open(sent);
      for (const words of sent.words) await page.getByText(words).last().waitFor();
      expect(await defectsOf(page)).toEqual([]);
      expect(problems).toEqual([]);
    });

    test("the page is drawn before the first numbers, and when no numbers arrive", async () => {
      const { server, page } = await open({ snapshot: () => undefined, history: undefined });
      await page.getByText("Loading the numbers…").waitFor();
      expect(await defectsOf(page)).toEqual([]);
      server.script.status = 503;
      await page.reload();
      await page.getByText("No number has arrived yet.").waitFor();
      expect(await defectsOf(page)).toEqual([]);
    });

    test("the page is drawn without access and without a connection", async () => {
      const { server, page } = await open();
      await page.getByText("shop-production").waitFor();
      server.script.status = 403;
      server.endStreams();
      await page.getByText("Sign in again, then reload.").waitFor();
      expect(await defectsOf(page)).toEqual([]);
      server.script.status = 200;
      await page.reload();
      await page.getByText("shop-production").waitFor();
      await server.stop();
      await page.getByText("The numbers below").waitFor();
      expect(await defectsOf(page)).toEqual([]);
    });
  });

  test("entries, a client, the form and the confirmation dialog are drawn in both schemes and widths", async () => {
    const { page, problems } = await open({ ...well, control: (now) => controlAt(now) });
    await page.getByLabel("Client key", { exact: true }).fill(CLIENT_KEY);
    await page.getByRole("button", { name: "Look up", exact: true }).click();
    await page.getByText("denied, over search:user|ip:minute; capacity again in 37 s").waitFor();
    await page.getByRole("combobox", { name: "Set", exact: true }).selectOption("another limit");
    await page.getByRole("combobox", { name: "Rule", exact: true }).selectOption("artists");
    expect(await defectsOf(page)).toEqual([]);
    const reset = page.getByRole("button", { name: "Reset" });
    await reset.press("Enter");
    const dialog = page.getByRole("dialog", { name: `Reset ${CLIENT_KEY}?` });
    await dialog.getByText("All counts of this client are deleted").waitFor();
    expect(await dialog.getByRole("button", { name: "Cancel" }).evaluate(hasFocus)).toBe(true);
    expect(await defectsOf(page)).toEqual([]);
    await dialog.getByRole("button", { name: "Reset" }).click();
    // This server accepts no change.
    await dialog.getByRole("alert").getByText("You no longer have access.").waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    expect(await reset.evaluate(hasFocus)).toBe(true);
    expect(problems.filter((each) => !each.includes("status of 404"))).toEqual([]);
  });
}

function hasFocus(element: Element): boolean {
  return document.activeElement === element;
}
