import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeRule } from "#app/_page/rule-words";
import { sampleRequests } from "#app/_page/sample-request";
import policy from "#config/rate-limits";
import { buildOnce } from "#app/_programs/build";
import { compilePolicy } from "#lib/policy/check/compile";
import { ROOT } from "../support/app.ts";
import { startBrowser } from "../support/browser.ts";
import {
  faults,
  overflow,
  problemsOf,
  startOnOwnStore as start,
  type View,
  VIEWS,
} from "../support/page.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();
const compiled = compilePolicy(policy);
const rules = [...compiled.rules.values()];
let browser: Browser;
/** For the tests that do not mind what others have used up. */
let shared: Started;

beforeAll(async () => {
  await buildOnce(ROOT, () => {});
  browser = await startBrowser();
  shared = await start();
});
afterAll(async () => {
  await shared?.stop();
  await browser?.close();
});

type Started = Awaited<ReturnType<typeof start>>;

/** Opens the page; what goes wrong in it is noted. */
async function open(url: string, view: View = {}, prepare?: (page: Page) => Promise<void>) {
  const page = cleanUp(await browser.newPage(view), (it) => it.close());
  const problems = problemsOf(page);
  await prepare?.(page);
  await page.goto(url);
  return { page, problems };
}

function lane(page: Page, rule: string) {
  const row = page.getByRole("row").filter({
    has: page.getByRole("rowheader", { name: rule, exact: true }),
  });
  const bars = (outcome: string) => row.locator(`[data-outcome="${outcome}"]`).count();
  const send = (count: number) =>
    row.getByRole("button", { name: new RegExp(`^Send ${count} requests? to ${rule}$`) }).click();
  return { row, bars, send, header: (name: string) => headerOf(row.locator(".headers"), name) };
}

function headerOf(headers: ReturnType<Page["locator"]>, name: string) {
  const entry = headers
    .locator("div")
    .filter({ has: headers.page().getByText(name, { exact: true }) });
  return entry.locator("dd").innerText();
}

test("the table is the policy, without a script too", async () => {
  const { page } = await open(shared.url, { javaScriptEnabled: false });
  const table = page.getByRole("table", { name: "The policy" });
  expect(await table.getByRole("columnheader").allInnerTexts()).toStrictEqual([
    "Rule",
    "Paths, methods",
    "Limit, for whom",
    "If the store fails",
    "Try it",
  ]);
  const headers = table.getByRole("rowheader");
  expect(await headers.count()).toBe(rules.length);
  for (const [at, rule] of rules.entries()) {
    const words = describeRule(rule);
    const row = table.getByRole("row").nth(at + 1);
    const [paths, limits, failure] = await row.getByRole("cell").allInnerTexts();
    expect(await headers.nth(at).innerText()).toBe([words.name, ...notes(words)].join("\n"));
    expect(await row.locator(".path").allInnerTexts()).toStrictEqual([...rule.match]);
    expect(paths).toContain(rule.match.length > 0 ? words.methods : "no path");
    for (const { amount, who, algorithm, tier = "" } of words.limits) {
      expect(limits).toContain(`${amount}\n${who}, ${algorithm}`);
      expect(limits).toContain(tier);
    }
    expect(failure).toBe(words.onStoreFailure);
  }
  for (const { pattern, reason } of compiled.exempt) {
    const entry = page.getByRole("definition").filter({ hasText: reason });
    expect(await entry.count()).toBeGreaterThan(0);
    expect(await page.getByText(pattern, { exact: true }).count()).toBe(1);
  }
});

function notes({ mode, replaces }: ReturnType<typeof describeRule>): string[] {
  const replaced = replaces.length > 0 ? [`in place of ${replaces.join(", ")}`] : [];
  return mode === undefined ? replaced : [mode, ...replaced];
}

test("every rule with a path has its two buttons, every other says why not", async () => {
  const { page } = await open(shared.url);
  const withPath = rules.filter((rule) => sampleRequests(rule, compiled).length > 0);
  expect(await page.getByRole("button", { name: /^Send 1 request to / }).count()).toBe(
    withPath.length,
  );
  expect(await page.getByRole("button", { name: /^Send 20 requests to / }).count()).toBe(
    withPath.length,
  );
  expect(await page.getByText("Called from code").count()).toBe(
    rules.filter((rule) => rule.match.length === 0).length,
  );
});

test("draws a request, and a burst of which the limit passes ten; then counts down", async () => {
  const app = cleanUp(await start(), (it) => it.stop());
  const { page, problems } = await open(app.url, {}, (page) => page.clock.install());
  const { row, bars, send, header } = lane(page, "search");
  const [spoken, reopened] = [row.getByRole("status").last(), row.getByRole("status").first()];

  await send(1);
  await expect.poll(() => spoken.innerText()).toBe("search: 1 allowed. Last: 200 OK.");
  expect(await bars("allowed")).toBe(1);
  expect(await row.locator(".chart").getAttribute("aria-label")).toBe(
    "Answers to search: 1 allowed",
  );
  expect(await header("ratelimit")).toContain('"search:ip:minute";r=9;t=60');

  const refused = page.waitForResponse((response) => response.status() === 429);
  await send(20);
  await expect
    .poll(() => spoken.innerText())
    .toBe("search: 10 allowed, 11 denied. Last: 429 Too Many Requests.");
  expect(await bars("allowed")).toBe(10);
  expect(await bars("denied")).toBe(11);
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

test("is used with the keyboard alone, and shows where it is", async () => {
  const app = cleanUp(await start(), (it) => it.stop());
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
  expect(stops.slice(-2)).toStrictEqual(["Send 1 request to search", "Send 20 requests to search"]);
  await page.keyboard.press("Enter");
  const { row, bars } = lane(page, "search");
  await expect.poll(() => row.getByText("10 allowed, 10 denied", { exact: true }).count()).toBe(1);
  expect([await bars("allowed"), await bars("denied")]).toStrictEqual([10, 10]);
  expect((await focused()).name).toBe("Send 20 requests to search");
});

test.each(VIEWS)(
  "fits %s, and has no fault that axe knows of, before and after a burst",
  async (_, view) => {
    const { page, problems } = await open(shared.url, { ...view, reducedMotion: "reduce" });
    expect(await faults(page)).toStrictEqual([]);
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

test("shows what each rule does when the store is gone", async () => {
  const app = cleanUp(await start(), (it) => it.stop());
  const { page } = await open(app.url);
  await app.redis.stop();
  const seen: string[] = [];
  for (const [name, failure, outcome] of [
    ["profile-update", "allow", "ungated"],
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
    expect(await row.getByText("No header speaks of a limit.").count()).toBe(1);
  }
  expect(seen).toContain("allow");
});

test("shows an answer that never came", async () => {
  const { page } = await open(shared.url);
  await page.route("**/api/search", (route) => route.abort());
  const { row, bars, send } = lane(page, "search");
  await send(1);
  await expect.poll(() => bars("failed")).toBe(1);
  expect(await row.locator(".status").innerText()).toContain("No answer came.");
});

test("a person who is refused reads a page with the time to wait", async () => {
  for (let i = 0; i < 10; i += 1) await fetch(`${shared.url}/api/search`);
  const { page } = await open(`${shared.url}/api/search`);
  expect(await page.getByRole("heading").innerText()).toBe("Too many requests");
  expect(await page.getByText(/Please try again in \d+ (second|minute)/).count()).toBe(1);
});
