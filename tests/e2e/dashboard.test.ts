import { readdirSync, readlinkSync } from "node:fs";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildOnce } from "#app/_programs/build";
import { STYLE_NAME } from "#lib/dashboard/assets";
import { ROOT, type RunningApp, startApp } from "../support/app.ts";
import { startBrowser } from "../support/browser.ts";
import { openLive } from "../support/dashboard.ts";
import { faults, overflow, VIEWS } from "../support/page.ts";
import { freePort, startRedis, type TestRedis } from "../support/redis.ts";
import { scope } from "../support/scope.ts";
import { AUTH_SECRET, sign } from "../support/sign.ts";

const cleanUp = scope();

let browser: Browser;
let redis: TestRedis;
let app: RunningApp;
let admin: string;

const start = (store: TestRedis, more: Readonly<Record<string, string>> = {}) =>
  startApp({ REDIS_URL: store.url, AUTH_SECRET, METRICS_WINDOW_MS: "1000", ...more });

beforeAll(async () => {
  await buildOnce(ROOT, () => {});
  browser = await startBrowser();
  redis = await startRedis();
  app = await start(redis);
  admin = await sign({ sub: "operator", role: "admin" });
});
afterAll(async () => {
  await app?.stop();
  await redis?.stop();
  await browser?.close();
});

const ask = (path: string, token = "", url = app.url) =>
  fetch(url + path, {
    headers: token ? { cookie: `session=${token}` } : {},
    redirect: "manual",
  });

async function search(times: number, url = app.url): Promise<void> {
  for (let i = 0; i < times; i += 1) {
    const response = await fetch(`${url}/api/search`, { method: "POST" });
    await response.arrayBuffer();
  }
}

/** Opens the dashboard as an admin, and records every error and warning of the browser. */
async function open(url = app.url, view: Parameters<Browser["newContext"]>[0] = {}) {
  const context = cleanUp(await browser.newContext(view), (it: BrowserContext) => it.close());
  await context.addCookies([{ name: "session", value: admin, url }]);
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(message.text());
  });
  await page.goto(`${url}/dashboard`);
  await page.getByRole("heading", { name: "Decisions by rule" }).waitFor();
  return { page, problems };
}

/** The counts of the last hour in a rule's row. */
async function lastHour(page: Page, rule: string): Promise<string[]> {
  const button = page.getByRole("button", { name: rule, exact: true });
  const cells = await page
    .getByRole("row")
    .filter({ has: button })
    .getByRole("cell")
    .allInnerTexts();
  return cells.slice(3, 5);
}

/** The text alternatives of the charts of decisions. */
const charts = (page: Page) =>
  page
    .getByRole("img", { name: /^Decisions of / })
    .evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")).join());

describe("access to the dashboard", () => {
  const paths = ["/dashboard", `/dashboard/${STYLE_NAME}`, "/dashboard/live.sse"];

  test.each([
    ["no session", () => ""],
    ["a session of an artist", () => sign({ sub: "artist-1" })],
    [
      "a token that has expired",
      () => sign({ sub: "operator", role: "admin", exp: "1 minute ago" }),
    ],
    ["a token of another app", () => sign({ sub: "operator", role: "admin", aud: "other" })],
  ])("a request with %s gets 404 at each path of the dashboard", async (_, token) => {
    const given = await token();
    for (const path of paths) expect([path, (await ask(path, given)).status]).toEqual([path, 404]);
  });

  test("an admin signs in with a token, sees the dashboard, and signs out", async () => {
    const page = cleanUp(await browser.newPage(), (it) => it.close());
    await page.goto(`${app.url}/dashboard/sign-in`);
    const handIn = async (token: string) => {
      await page.getByLabel("Token").fill(token);
      await page.getByRole("button", { name: "Sign in" }).click();
    };
    await handIn("not.a.token");
    await expect.poll(() => page.getByRole("alert").first().innerText()).toContain("is not valid");
    await handIn(await sign({ sub: "artist-1" }));
    await expect
      .poll(() => page.getByRole("alert").first().innerText())
      .toContain("role is not admin");
    await handIn(admin);
    await page.getByRole("heading", { name: "Decisions by rule" }).waitFor();
    expect(new URL(page.url()).pathname).toBe("/dashboard");
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ name: "session", httpOnly: true, sameSite: "Lax" });
    await page.goto(`${app.url}/dashboard/sign-in`);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL("**/dashboard/sign-in");
    expect((await page.goto(`${app.url}/dashboard`))?.status()).toBe(404);
  });

  test.each(["constructor", "__proto__", "other"])(
    "the sign-in page ignores the unknown reason %s",
    async (reason) => {
      const response = await ask(`/dashboard/sign-in?refused=${reason}`);
      expect([response.status, await response.text()]).toEqual([
        200,
        expect.stringContaining("Print a token on the machine that runs the app"),
      ]);
    },
  );

  test("a form of another site starts no session", async () => {
    const response = await fetch(`${app.url}/dashboard/sign-in/session`, {
      method: "POST",
      headers: { origin: "https://other.example" },
      body: new URLSearchParams({ token: admin }),
    });
    expect([response.status, response.headers.get("set-cookie")]).toEqual([403, null]);
  });
});

describe("the dashboard", () => {
  test("the dashboard shows new counts within four seconds, by Redis Pub/Sub", async () => {
    const { page, problems } = await open();
    await expect.poll(() => page.getByText("live by Redis Pub/Sub").count()).toBe(1);
    const before = await charts(page);
    await search(12);
    await expect.poll(() => charts(page), { timeout: 4_000, interval: 50 }).not.toBe(before);
    await expect.poll(() => lastHour(page, "search")).toEqual(["10", "2"]);
    expect(problems).toEqual([]);
  });

  test("the dashboard shows an admin's change until it is lifted", async () => {
    const { page, problems } = await open();
    const form = page.getByRole("form", { name: "Set something" });
    await form.getByLabel("Client key, address or CIDR block").fill("203.0.113.0/24");
    await form.getByLabel("Reason").fill("a trial");
    await form.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("button", { name: "Block", exact: true }).click();
    await page.getByText("by operator").waitFor();
    await page.getByRole("button", { name: /^Lift/ }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Lift" }).click();
    await page.getByText("Nothing is set: only the policy decides.").waitFor();
    expect(problems).toEqual([]);
  });

  test("the dashboard adds the counts of two instances up to exactly the sent requests", async () => {
    const store = cleanUp(await startRedis(), (it) => it.stop());
    const [one, two] = await Promise.all([start(store), start(store)]);
    cleanUp(one, (it) => it.stop());
    cleanUp(two, (it) => it.stop());
    const { page } = await open(one.url);
    await Promise.all([search(23, one.url), search(19, two.url)]);
    await expect.poll(() => lastHour(page, "search")).toEqual(["10", "32"]);
    expect(await lastHour(page, "api")).toEqual(["10", "0"]);
  });

  test("the dashboard says that the store is down, keeps its numbers, and recovers", async () => {
    const port = await freePort();
    const first = cleanUp(await startRedis(port), (it) => it.stop());
    const own = cleanUp(await start(first, { HEADGATE_STORE_DEADLINE_MS: "10000" }), (it) =>
      it.stop(),
    );
    const { page, problems } = await open(own.url);
    await search(3, own.url);
    await expect.poll(() => lastHour(page, "search")).toEqual(["3", "0"]);
    await first.stop();
    await page.getByText("The store does not answer.").first().waitFor();
    expect(await lastHour(page, "search")).toEqual(["3", "0"]);
    cleanUp(await startRedis(port), (it) => it.stop());
    await expect.poll(() => page.getByText("The store does not answer.").count()).toBe(0);
    await search(2, own.url);
    await expect.poll(() => lastHour(page, "search")).toEqual(["2", "0"]);
    expect(problems).toEqual([]);
  });

  test("the dashboard says that the app does not answer or that access has ended, and continues when it can", async () => {
    const port = String(await freePort());
    const restart = async () => cleanUp(await start(redis, { PORT: port }), (it) => it.stop());
    const first = await restart();
    const { page } = await open(first.url);
    const unavailable = page.getByText("The app does not answer");
    const ended = page.getByText("You no longer have access.");
    const stopping = first.stop();
    await unavailable.first().waitFor();
    await stopping;
    const second = await restart();
    await expect.poll(() => unavailable.count()).toBe(0);
    await page.context().clearCookies();
    await second.stop();
    await restart();
    await ended.first().waitFor();
  });

  test.each(VIEWS.filter(([name]) => ["light", "a phone at night"].includes(name)))(
    "the dashboard fits the screen and has no accessibility fault: %s",
    async (_, view) => {
      // The page's policy would block axe, which is a script of the test.
      const { page } = await open(app.url, { ...view, bypassCSP: true });
      expect(await overflow(page)).toBe(0);
      expect(await faults(page)).toEqual([]);
    },
  );
});

describe("streams", () => {
  const live = (url: string, init: RequestInit) =>
    fetch(`${url}/dashboard/live.sse`, { ...init, headers: { cookie: `session=${admin}` } });

  /** The sockets that a process has open. */
  const sockets = (pid: number) =>
    readdirSync(`/proc/${pid}/fd`).filter((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith("socket:");
      } catch {
        return false;
      }
    }).length;

  test("200 streams that open and close leave no socket behind", async () => {
    const comeAndGo = async () => {
      const streams = await Promise.all(
        Array.from({ length: 200 }, () => openLive((init) => live(app.url, init))),
      );
      await Promise.all(streams.map((stream) => stream.snapshot()));
      expect(sockets(app.pid)).toBeGreaterThanOrEqual(200);
      for (const stream of streams) stream.close();
      // The app keeps some connections to its own gateway for its next calls.
      await expect.poll(() => sockets(app.pid)).toBeLessThan(100);
      return sockets(app.pid);
    };
    const first = await comeAndGo();
    const second = await comeAndGo();
    expect(second).toBeLessThanOrEqual(first + 20);
  });

  test("a server that stops ends its streams without waiting for them", async () => {
    const own = await start(redis);
    cleanUp(own, (it) => it.stop());
    const stream = await openLive((init) => live(own.url, init));
    await stream.snapshot();
    const stopped = own.stop();
    const ended = (async () => {
      while (await stream.next());
      return "ended";
    })();
    expect(await Promise.race([ended, stopped])).toBe("ended");
    expect(await stopped).toBe(0);
  });
});
