import { expect, test } from "vitest";
import policy from "#config/rate-limits";
import { compilePolicy } from "#lib/policy/check/compile";
import type { StartPage } from "./browser.ts";
import { lane } from "./lane.ts";

const rules = [...compilePolicy(policy).rules.values()];

/** Tests the lanes, which draw the responses of a rule. */
export function testLanes(shared: StartPage): void {
  const { open, startApp } = shared;

  test("a lane draws a request and a burst, of which the limit allows ten, and shows a countdown", async () => {
    const app = await startApp();
    const { page, problems } = await open(app.url, {}, (page) => page.clock.install());
    const { row, bars, drawn, send, openHeaders, header } = lane(page, "search");
    const [spoken, reopened] = [row.getByRole("status").last(), row.getByRole("status").first()];

    await send(1);
    await expect.poll(() => spoken.innerText()).toBe("search: 1 allowed. Last: 200 OK.");
    expect(await bars("allowed")).toBe(1);
    expect(await row.locator(".chart").getAttribute("aria-label")).toBe(
      "Responses to search: 1 allowed",
    );
    await openHeaders();
    expect(await header("ratelimit")).toContain('"search:ip:minute";r=9;t=60');

    const refused = page.waitForResponse((response) => response.status() === 429);
    await send(20);
    await expect
      .poll(() => spoken.innerText())
      .toBe("search: 10 allowed, 11 denied. Last: 429 Too Many Requests.");
    expect(await bars("allowed")).toBe(10);
    expect(await bars("denied")).toBe(11);
    expect(await drawn()).toStrictEqual([
      ...Array.from({ length: 10 }, () => "allowed"),
      ...Array.from({ length: 11 }, () => "denied"),
    ]);
    expect(await row.getByText("10 allowed, 11 denied", { exact: true }).count()).toBe(1);
    const { "ratelimit-policy": limits = "" } = (await refused).headers();
    expect(limits).toContain('"search:ip:minute";q=10;w=60');
    expect(await header("ratelimit-policy")).toBe(limits);
    expect(await header("ratelimit")).toMatch(/^"search:ip:minute";r=0;t=\d+$/);
    expect(await header("retry-after")).toMatch(/^(?:[1-5]\d|60)$/);

    const countdown = row.locator(".countdown");
    expect(await countdown.innerText()).toMatch(/^closed, opens in (?:1:00|0:[1-5]\d)$/);
    await page.clock.runFor(5000);
    await expect.poll(() => countdown.innerText()).toMatch(/^closed, opens in 0:[1-5]\d$/);
    expect(await reopened.innerText()).toBe("");
    await page.clock.runFor(60_000);
    await expect.poll(() => reopened.innerText()).toBe("The gate is open again.");
    expect(await countdown.count()).toBe(0);
    expect(problems).toStrictEqual([]);
  });

  test("a lane shows the effect of its rule when the store is unavailable", async () => {
    const app = await startApp();
    const { page } = await open(app.url);
    await app.redis.stop();
    const seen: string[] = [];
    for (const [name, failure, outcome] of [
      ["profile-update", "allow", "uncounted"],
      ["pipeline", "deny", "failed"],
    ] as const) {
      const rule = rules.find((one) => one.name === name && one.onStoreFailure === failure);
      if (!rule) continue;
      seen.push(failure);
      const { row, bars, send } = lane(page, rule.name);
      await send(1);
      await expect.poll(() => row.locator("[data-outcome]").count()).toBe(1);
      expect(await bars(outcome)).toBe(1);
      expect(await row.getByText(`1 ${outcome}`, { exact: true }).count()).toBe(1);
      expect(await row.getByText("The answer has no headers about limits.").count()).toBe(1);
    }
    expect(seen).toContain("allow");
  });

  test("the dotted line with the name gate appears with the first response", async () => {
    const { page } = await open(shared.url);
    const { row, send } = lane(page, "recommend");
    expect(await page.locator(".lane .gate-line").count()).toBe(0);
    await send(1);
    const line = row.locator(".gate-line");
    await expect.poll(() => line.count()).toBe(1);
    const name = await row.getByText("gate", { exact: true }).boundingBox();
    const [middle, height] = [(name?.y ?? 0) + (name?.height ?? 0) / 2, name?.height ?? 0];
    const { y } = (await line.boundingBox()) ?? { y: 0 };
    // The text's box has space above its letters, so its middle is a little above the middle of the letters.
    expect(Math.abs(middle - y)).toBeLessThan(height / 2);
  });

  test("a lane shows that no response arrived", async () => {
    const { page } = await open(shared.url);
    await page.route("**/api/search", (route) => route.abort());
    const { row, bars, send } = lane(page, "search");
    await send(1);
    await expect.poll(() => bars("failed")).toBe(1);
    expect(await row.locator(".status").innerText()).toContain("No answer arrived.");
  });

  test("a denied browser gets a page with the time to wait", async () => {
    for (let i = 0; i < 10; i += 1) await fetch(`${shared.url}/api/search`);
    const { page } = await open(`${shared.url}/api/search`);
    expect(await page.getByRole("heading").innerText()).toBe("Too many requests");
    expect(await page.getByText(/Please try again in \d+ (second|minute)/).count()).toBe(1);
  });
}
