import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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
/** Used by the tests that do not depend on remaining capacity. */
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

/** Opens the page, and records the errors of the page. */
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
  const openHeaders = () => row.getByText("Headers", { exact: true }).click();
  const header = (name: string) => headerOf(row.locator(".headers"), name);
  /** The outcomes of the bars, from left to right. */
  const drawn = async () => {
    const drawn = await row.locator("[data-outcome]").all();
    const places = await Promise.all(
      drawn.map(async (bar) => ({
        outcome: await bar.getAttribute("data-outcome"),
        x: (await bar.boundingBox())?.x ?? 0,
      })),
    );
    return places.toSorted((a, b) => a.x - b.x).map(({ outcome }) => outcome);
  };
  return { row, bars, drawn, send, openHeaders, header };
}

function headerOf(headers: ReturnType<Page["locator"]>, name: string) {
  const entry = headers
    .locator("div")
    .filter({ has: headers.page().getByText(name, { exact: true }) });
  return entry.locator("dd").innerText();
}

test("the table shows the policy, also without JavaScript", async () => {
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

test("every rule with a path has two buttons, and every other rule says why it has no buttons", async () => {
  const { page } = await open(shared.url);
  const withPath = rules.filter((rule) => sampleRequests(rule, compiled).length > 0);
  expect(await page.getByRole("button", { name: /^Send 1 request to / }).count()).toBe(
    withPath.length,
  );
  expect(await page.getByRole("button", { name: /^Send 20 requests to / }).count()).toBe(
    withPath.length,
  );
  expect(await page.getByText("Handlers check this rule; it has no path.").count()).toBe(
    rules.filter((rule) => rule.match.length === 0).length,
  );
});

test("a lane draws a request and a burst, of which the limit allows ten, and shows a countdown", async () => {
  const app = cleanUp(await start(), (it) => it.stop());
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

test("the page works by keyboard alone, and shows the focus", async () => {
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

test("a lane shows the effect of its rule when the store is unavailable", async () => {
  const app = cleanUp(await start(), (it) => it.stop());
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

test("the page shows the policy, then the tools, then links to existing documents", async () => {
  const { page } = await open(shared.url);
  expect(await page.getByRole("heading").allInnerTexts()).toStrictEqual([
    "Headgate",
    "The policy",
    "Once, from many tabs",
    "Three tabs, one view",
    "Five tabs, one sync",
    "Without a limit",
    "How it is counted",
    "Documentation",
  ]);
  const files = page.getByRole("region", { name: "Documentation" }).locator("code");
  const named = await files.allInnerTexts();
  expect(named.filter((file) => !existsSync(join(ROOT, file)))).toStrictEqual([]);
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
