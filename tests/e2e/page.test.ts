import { beforeAll, expect, test } from "vitest";
import { buildOnce } from "#lib/cli/build";
import { ROOT, startApp } from "../support/app.ts";
import { startBrowser } from "../support/browser.ts";
import { startRedis } from "../support/redis.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();

beforeAll(() => buildOnce(ROOT, () => {}));

async function open() {
  const redis = cleanUp(await startRedis(), (it) => it.stop());
  const app = cleanUp(await startApp({ REDIS_URL: redis.url }), (it) => it.stop());
  const browser = cleanUp(await startBrowser(), (it) => it.close());
  return { app, page: await browser.newPage() };
}

test("the start page lists the rules, and its search meets the gate at the eleventh time", async () => {
  const { app, page } = await open();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  await page.goto(app.url);
  await expect.poll(() => page.getByRole("heading", { name: "profile-delete" }).count()).toBe(1);
  expect(await page.getByText("3 per day").count()).toBe(1);

  const search = page.getByRole("button", { name: "Search" });
  for (let i = 0; i < 10; i += 1) {
    const answered = page.waitForResponse("**/api/search");
    await search.click();
    expect((await answered).status()).toBe(200);
  }
  await expect.poll(() => page.getByText("0 of 10 left").count()).toBe(1);
  const refused = page.waitForResponse("**/api/search");
  await search.click();
  expect((await refused).status()).toBe(429);
  await expect.poll(() => page.getByRole("status").first().innerText()).toContain("429");
  await expect.poll(() => page.locator(".countdown").innerText()).toMatch(/\d/);
  expect(problems).toEqual([]);
});

test("a person who is refused reads a page with the time to wait", async () => {
  const { app, page } = await open();
  for (let i = 0; i < 10; i += 1) await fetch(`${app.url}/api/search`);
  await page.goto(`${app.url}/api/search`);
  expect(await page.getByRole("heading").innerText()).toBe("Too many requests");
  expect(await page.getByText(/Please try again in \d+ (second|minute)/).count()).toBe(1);
});
