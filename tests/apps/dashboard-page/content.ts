import { expect, test } from "vitest";
import { historyAt, manyRules, snapshotAt } from "../../support/dashboard-fixture.ts";
import { chartOf, DENIED, labelOf, well, type DashboardBrowser } from "./browser.ts";

/** Tests how the page shows names, times, keys and many rules. */
export function testContent(browser: DashboardBrowser): void {
  const { open } = browser;

  test("the page works with a snapshot of another version", async () => {
    let isOld = true;
    const { page, problems } = await open({
      ...well,
      snapshot: (now) =>
        isOld ? { sentAt: now, store: { state: "melting" }, new: [1] } : well.snapshot(now),
    });
    await page.getByText("melting").waitFor();
    isOld = false;
    await page.getByText("shop-production").waitFor();
    expect(problems).toEqual([]);
  });

  test("names of rules, keys and namespaces are shown as text, never as HTML", async () => {
    const nasty = '<img src=x onerror="document.title=1">';
    const rules = manyRules(3, [nasty, "__proto__", "constructor"]);
    const { page, problems } = await open({
      snapshot: (now) =>
        snapshotAt(now, {
          namespace: nasty,
          rules,
          denied: [{ rule: nasty, clients: [{ key: nasty, denied: 1 }] }],
        }),
      history: (now) => historyAt(now, rules),
    });
    await page.getByRole("button", { name: nasty }).first().click();
    await chartOf(page, DENIED).waitFor();
    expect(await labelOf(page, DENIED)).toContain(`Decisions of ${nasty}`);
    await page.getByRole("button", { name: "constructor" }).click();
    await expect.poll(() => labelOf(page, DENIED)).toContain("Decisions of constructor");
    expect(await page.locator("img").count()).toBe(0);
    expect(await page.title()).toBe("Headgate");
    expect(problems).toEqual([]);
  });

  test("selected controls differ from others in forced colours", async () => {
    const { page } = await open(well, { forcedColors: "active" });
    await page.getByRole("radio", { name: "last hour" }).waitFor();
    const groundsOf = (place: string) =>
      page
        .locator(place)
        .evaluateAll((all) => all.map((one) => getComputedStyle(one).backgroundColor));
    for (const place of [".switch span", ".rules tbody th"]) {
      const [chosen, ...others] = await groundsOf(place);
      expect(others.length).toBeGreaterThan(0);
      expect(others).not.toContain(chosen);
    }
  });

  test("times are in the viewer's time zone, and the page names the zone", async () => {
    const { page } = await open(
      { ...well, snapshot: (now) => snapshotAt(now, { deniedSince: Date.UTC(2026, 10, 29, 14) }) },
      { timezoneId: "Asia/Tokyo" },
    );
    await page.getByText("Asia/Tokyo (GMT+9)").waitFor();
    const since = page.locator("time", { hasText: "23:00" }).first();
    expect(await since.getAttribute("datetime")).toBe("2026-11-29T14:00:00.000Z");
  });

  test("a client key is shown in full on focus, and can be copied", async () => {
    const { page, context } = await open();
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const copy = page.getByRole("button", { name: /^Copy client key / }).first();
    const key = /key (.+)$/.exec((await copy.getAttribute("aria-label")) ?? "")?.[1] ?? "";
    expect(key).toHaveLength(24);
    const whole = page.getByText(key, { exact: true });
    expect(await whole.isVisible()).toBe(false);
    await copy.focus();
    await whole.waitFor();
    await page.keyboard.press("Enter");
    await page.getByText("Copied").waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(key);
  });

  test("the page stays usable with 200 rules", async () => {
    const rules = manyRules(200);
    const { page, problems } = await open(
      { snapshot: (now) => snapshotAt(now, { rules }), history: (now) => historyAt(now, rules) },
      { viewport: { width: 1280, height: 900 } },
    );
    await page.getByText("200 of 200 rules").waitFor();
    const table = page.getByRole("region", { name: "Rules and their decisions" });
    expect((await table.boundingBox())?.height).toBeLessThan(700);
    await page.getByLabel("Find a rule").fill("rule-19");
    await page.getByText("11 of 200 rules").waitFor();
    await table.locator("button", { hasText: "rule-199" }).click();
    await chartOf(page, /^Decisions of rule-199/)
      .first()
      .waitFor();
    await page.getByLabel("Order").selectOption("denied");
    await expect.poll(() => table.locator("tbody th").nth(1).innerText()).toBe("rule-198");
    expect(problems).toEqual([]);
  });
}
