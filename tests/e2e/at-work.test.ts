import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sampleRequests } from "#app/_page/sample-request";
import policy from "#config/rate-limits";
import { buildOnce } from "#app/_programs/build";
import { compilePolicy } from "#lib/policy/check/compile";
import { ROOT } from "../support/app.ts";
import { startBrowser } from "../support/browser.ts";
import { faults, overflow, problemsOf, startOnOwnStore, VIEWS } from "../support/page.ts";
import { scope } from "../support/scope.ts";
import { AUTH_SECRET, sign } from "../support/sign.ts";

const cleanUp = scope();
const start = () => startOnOwnStore({ AUTH_SECRET });
/** What the samples say of themselves that are not answered 2xx. */
const OTHERWISE = new Map([
  ["/login", 405],
  ["/api/login", 403],
  ["/sample/sign-in", 404],
  ["/dashboard", 404],
  ["/dashboard/sign-in/session", 400],
  ["/api/admin/pipeline/retry", 404],
]);
const SYNC = "/api/dashboard/sync/trigger";

let browser: Browser;
let app: Awaited<ReturnType<typeof start>>;

beforeAll(async () => {
  await buildOnce(ROOT, () => {});
  browser = await startBrowser();
  app = await start();
});
afterAll(async () => {
  await app?.stop();
  await browser?.close();
});

async function open(url: string, view: (typeof VIEWS)[number][1] = {}) {
  const page = cleanUp(await browser.newPage(view), (it) => it.close());
  const problems = problemsOf(page);
  await page.goto(url);
  return { page, problems, views: views(page), syncs: syncs(page) };
}

function demo(page: Page, name: string) {
  const region = page.getByRole("region", { name });
  return {
    region,
    press: () => region.getByRole("button").click(),
    tabs: () => region.getByRole("listitem").locator(".pane").allInnerTexts(),
    words: () => region.getByRole("status").innerText(),
    looks: async (look: string) => region.locator(`[data-look="${look}"]`).count(),
  };
}

const syncs = (page: Page) => demo(page, "Five tabs, one sync");

const views = (page: Page) => demo(page, "Three tabs, one view");

async function signIn(page: Page, sub: string, role?: string): Promise<string> {
  const token = await sign({ sub, ...(role !== undefined && { role }) });
  await page.getByText("Use a token", { exact: true }).click();
  await page.getByLabel("Token").fill(token);
  return token;
}

test("a view from three tabs is counted once, and the next click is another view", async () => {
  const own = cleanUp(await start(), (it) => it.stop());
  const { page, views, problems } = await open(own.url);
  expect(await views.tabs()).toStrictEqual(["open", "open", "open"]);
  expect(await views.words()).toBe("");
  for (const pressed of [1, 2]) {
    await views.press();
    await expect
      .poll(views.words)
      .toBe(`Counted 1 of 3. Today in Redis: ${pressed - 1} before, ${pressed} after.`);
    const [first, ...others] = (await views.tabs()).toSorted();
    expect(first).toMatch(/^counted\n\d+ ms$/);
    for (const other of others) expect(other).toMatch(/^duplicate\n\d+ ms$/);
    expect([await views.looks("did"), await views.looks("spared")]).toStrictEqual([1, 2]);
  }
  const stored = await fetch(`${own.url}/api/analytics/counts?artistId=artist-001`);
  expect(await stored.json()).toMatchObject({ counts: { profile_view: 2 } });
  expect(new URL(page.url()).search).toBe("");
  expect(problems).toStrictEqual([]);
});

test("a sync from five tabs calls Instagram once, and for a while no request calls it again", async () => {
  const { page, syncs, problems } = await open(app.url);
  await signIn(page, "synced");
  await syncs.press();
  await expect.poll(syncs.words).toBe("Instagram was called once for media, once for a new token.");
  expect(await syncs.looks("refused")).toBe(0);
  expect((await syncs.tabs()).filter((tab) => tab.startsWith("fetched"))).toHaveLength(1);
  await syncs.press();
  await expect
    .poll(syncs.words)
    .toMatch(/^No request called Instagram: all got the result of \d+ s ago\.$/);
  expect(await syncs.looks("spared")).toBe(5);
  expect(problems).toStrictEqual([]);
});

test("a sync without a user says what to do, and a session in the browser names a user", async () => {
  const { page, syncs } = await open(app.url);
  await syncs.press();
  await expect
    .poll(syncs.words)
    .toBe(
      "The gate allowed all requests; the route answered 401. Sign in or use a token, and try again.",
    );
  expect([await syncs.looks("rejected"), await syncs.looks("failed")]).toStrictEqual([5, 0]);
  const value = await sign({ sub: "of-a-session" });
  await page.context().addCookies([{ name: "session", value, url: app.url }]);
  await syncs.press();
  await expect.poll(syncs.words).toMatch(/^Instagram was called once for media, /);
});

test("the page shows in words that a limit denied the tabs, and the time to wait", async () => {
  const { page, syncs } = await open(app.url);
  const token = await signIn(page, "busy");
  const headers = { authorization: `Bearer ${token}` };
  for (let sent = 0; sent < 20; sent += 1) {
    await fetch(app.url + SYNC, { method: "POST", headers });
  }
  await syncs.press();
  await expect
    .poll(syncs.words)
    .toMatch(/^The limit denied 5 \(429\)\. Capacity returns in (?:1:00:00|59:\d\d)\.$/);
  expect(await syncs.tabs()).toStrictEqual(Array.from({ length: 5 }, () => "denied\n429"));
});

test("the page shows in words that the store is unavailable", async () => {
  const own = cleanUp(await start(), (it) => it.stop());
  const { views } = await open(own.url);
  await own.redis.stop();
  await views.press();
  await expect
    .poll(views.words)
    .toBe(
      "Counted 0 of 3. 3 failed: 503 The store is unavailable. Today in Redis: unknown (503) before, unknown (503) after.",
    );
  expect(await views.looks("failed")).toBe(3);
});

test("the dedup demonstration works by keyboard alone and keeps the focus", async () => {
  const { page, views } = await open(app.url);
  const isFocused = (name: string) =>
    page.evaluate((it) => document.activeElement?.matches(it), name);
  const tabTo = async (name: string) => {
    for (let stops = 0; stops < 100 && !(await isFocused(name)); stops += 1) {
      await page.keyboard.press("Tab");
    }
  };
  await tabTo(".token summary");
  await page.keyboard.press("Enter");
  await tabTo("#token");
  await page.keyboard.type("not a token");
  await page.keyboard.press("Enter");
  expect(await page.getByText("This is not a token").count()).toBe(1);
  await tabTo("[aria-labelledby=one-view] button");
  await page.keyboard.press("Enter");
  await expect.poll(views.words).toMatch(/^Counted 1 of 3\. /);
  const focused = await page.evaluate(() => document.activeElement?.textContent);
  expect(focused).toBe("Send one view from three tabs");
});

test("the page names the user of a token, and puts the token neither into the URL nor into storage", async () => {
  const { page } = await open(app.url);
  const token = await signIn(page, "artist-1", "admin");
  expect(await page.locator("#token-how code").innerText()).toBe(
    "npm run --silent token -- --sub artist-1 --role admin",
  );
  expect(await page.getByText(/^Requests are sent as artist-1, admin, until /).count()).toBe(1);
  expect(await page.getByText("Requests carry the token of artist-1.").count()).toBe(1);
  expect(page.url()).not.toContain(token);
  const { cookies, origins } = await page.context().storageState();
  expect([cookies, origins]).toStrictEqual([[], []]);
  await page.reload();
  expect(await page.getByLabel("Token").inputValue()).toBe("");
});

test("every request of the policy table is valid for its route", async () => {
  const own = cleanUp(await start(), (it) => it.stop());
  const { page } = await open(own.url);
  await signIn(page, "artist-1", "admin");
  const compiled = compilePolicy(policy);
  for (const rule of compiled.rules.values()) {
    const samples = sampleRequests(rule, compiled);
    const row = page.getByRole("row").filter({
      has: page.getByRole("rowheader", { name: rule.name, exact: true }),
    });
    for (const [at, { method, path }] of samples.entries()) {
      if (samples.length > 1) await row.getByRole("combobox").selectOption({ index: at });
      const answer = page.waitForResponse(
        (it) => it.url() === own.url + path && it.request().method() === method,
      );
      await row.getByRole("button", { name: /^Send 1 / }).click();
      const status = (await answer).status();
      const isTaken = status === OTHERWISE.get(path) || Math.floor(status / 100) === 2;
      expect(isTaken, `${path} answered ${status}`).toBe(true);
      await expect.poll(() => row.locator(".status").innerText()).toContain(String(status));
    }
  }
});

test("with a set AUTH_SECRET a token is the only way to sign in", async () => {
  const { page } = await open(app.url);
  expect(await page.getByRole("button", { name: /Sign in/ }).count()).toBe(0);
  const field = page.getByLabel("Token");
  expect(await field.isVisible()).toBe(false);
  await page.getByText("For a user: use a token").first().getByRole("link").click();
  expect(await field.evaluate((element) => element === document.activeElement)).toBe(true);
  const sent = await fetch(`${app.url}/sample/sign-in`, {
    method: "POST",
    headers: { origin: app.url },
    body: new URLSearchParams({ role: "admin" }),
    redirect: "manual",
  });
  expect([sent.status, sent.headers.get("set-cookie")]).toStrictEqual([404, null]);
});

test("links to paths without a limit open those paths", async () => {
  const { page } = await open(app.url);
  for (const path of ["/api/health", "/api/health/redis"]) {
    const link = page.getByRole("link", { name: `Open ${path}`, exact: true });
    expect(await link.getAttribute("href")).toBe(path);
    expect((await fetch(app.url + path)).status).toBe(200);
  }
});

test.each(VIEWS)(
  "the tools fit %s without a layout shift, and axe finds no fault",
  async (_, view) => {
    const { page, views, syncs, problems } = await open(app.url, {
      ...view,
      reducedMotion: "reduce",
    });
    const section = page.getByRole("region", { name: "Once, from many tabs" });
    const height = async () => (await section.boundingBox())?.height;
    const before = await height();
    expect(await faults(page)).toStrictEqual([]);
    await views.press();
    await syncs.press();
    await expect.poll(views.words).toMatch(/^Counted 1 of 3\. /);
    await expect.poll(syncs.words).not.toBe("");
    expect(await height()).toBe(before);
    expect(await faults(page)).toStrictEqual([]);
    expect(await overflow(page)).toBe(0);
    expect(problems).toStrictEqual([]);
  },
);
