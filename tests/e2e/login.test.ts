import axe from "axe-core";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hashPassword } from "#app/_domain/auth/passwords";
import { buildOnce } from "#app/_programs/build";
import { ROOT, type RunningApp, startApp } from "../support/app.ts";
import { startBrowser } from "../support/browser.ts";
import { startRedis } from "../support/redis.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();

/** A busy machine is slow. */
const PATIENT = { timeout: 20_000 };

const WRONG = "The account or the password is wrong.";

let browser: Browser;
let accounts: string;

beforeAll(async () => {
  await buildOnce(ROOT, () => {});
  browser = await startBrowser();
  accounts = `ada:${await hashPassword("ada's own", 1000)}`;
});
afterAll(() => browser?.close());

async function start(list = accounts, more: Record<string, string> = {}): Promise<RunningApp> {
  const redis = cleanUp(await startRedis(), (it) => it.stop());
  const env = { REDIS_URL: redis.url, DEMO_ACCOUNTS: list, ...more };
  return cleanUp(await startApp(env), (it) => it.stop());
}

async function open(app: RunningApp, javaScriptEnabled: boolean): Promise<Page> {
  const context = cleanUp(await browser.newContext({ javaScriptEnabled }), (it) => it.close());
  const page = await context.newPage();
  await page.goto(`${app.url}/login`);
  return page;
}

/** Fills the form, sends it with Enter, and resolves to the message of the page. */
async function signIn(page: Page, account: string, password: string): Promise<string> {
  const field = page.getByLabel("Password");
  await page.getByLabel("Account").fill(account);
  await field.fill(password);
  await field.press("Enter");
  // The form is cleared when the response arrives.
  await expect.poll(() => field.inputValue(), PATIENT).toBe("");
  return page.locator("#answer").innerText();
}

const post = (app: RunningApp, account: string, password: string) =>
  fetch(`${app.url}/api/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ account, password }),
  });

/** All that a client sees of a response, except the wait and the client's own remaining capacity. */
async function seen(answer: Response) {
  const {
    date: _,
    "retry-after": wait,
    ratelimit,
    ...headers
  } = Object.fromEntries(answer.headers);
  const limits = ratelimit?.replaceAll(/;[rt]=\d+/g, "");
  return {
    status: answer.status,
    body: await answer.text(),
    headers,
    limits,
    waits: wait !== undefined,
  };
}

describe("POST /api/login", () => {
  test("responses do not reveal whether an account exists, neither for a wrong password nor for a denial", async () => {
    const app = await start();
    const right = await post(app, "ADA", "ada's own");
    expect(right.status).toBe(200);
    expect(await right.json()).toMatchObject({ account: "ada" });

    const wrong = await seen(await post(app, "ada", "wrong"));
    expect(wrong).toMatchObject({ status: 403, waits: false });
    expect(await seen(await post(app, "nobody", "wrong"))).toStrictEqual(wrong);
    for (let i = 0; i < 4; i += 1) {
      await post(app, "ada", "wrong");
      await post(app, "nobody", "wrong");
    }
    const byAccount = await seen(await post(app, "ada", "ada's own"));
    expect(byAccount).toMatchObject({ status: 429, waits: true });
    expect(byAccount.limits).toBe('"api:ip:minute", "login-posts:ip:minute"');
    expect(await seen(await post(app, "nobody", "wrong"))).toStrictEqual(byAccount);

    for (let i = 0; i < 10; i += 1) await post(app, `account-${i}`, "wrong");
    expect(await seen(await post(app, "somebody-else", "wrong"))).toStrictEqual(byAccount);
  });
});

test("a built app has no accounts but those of DEMO_ACCOUNTS", async () => {
  const app = await start("");
  expect((await post(app, "demo", "let me in")).status).toBe(403);
});

describe.each([
  ["with JavaScript", true],
  ["without JavaScript", false],
])("the page %s", (_, javaScript) => {
  test("the login page signs in, says what was wrong, and says how long to wait", async () => {
    const app = await start();
    const page = await open(app, javaScript);
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => message.type() === "error" && problems.push(message.text()));

    expect(await signIn(page, "Ada", "ada's own")).toBe(
      "The password is correct: you are ada. This page starts no session.",
    );
    for (let i = 0; i < 5; i += 1) expect(await signIn(page, "ada", "wrong")).toBe(WRONG);
    expect(await page.getByLabel("Account").inputValue()).toBe("ada");
    expect(await page.getByLabel("Password").inputValue()).toBe("");
    expect(await signIn(page, "ada", "ada's own")).toBe(
      "There were too many attempts. Please try again in 15 minutes.",
    );
    expect(problems).toEqual([]);
  });

  test("the login page counts by the socket's address, whatever a client claims", async () => {
    const app = await start();
    for (let i = 0; i < 18; i += 1) await post(app, `account-${i}`, "wrong");
    const page = await open(app, javaScript);
    const answers: string[] = [];
    for (const claim of ["203.0.113.1", "203.0.113.2", "203.0.113.3"]) {
      await page.setExtraHTTPHeaders({
        "x-forwarded-for": claim,
        "x-real-ip": claim,
        "x-headgate-socket": `nonce ${claim}`,
      });
      answers.push(await signIn(page, `somebody-at-${claim}`, "wrong"));
    }
    expect(answers).toEqual([WRONG, WRONG, expect.stringContaining("too many attempts")]);
  });
});

/** Sends the login's Server Action to a page, and resolves to the remaining capacity of its rule. */
function sendAction(
  app: RunningApp,
  path: string,
  localAddress: string,
  more: Record<string, string> = {},
) {
  const manifest = join(ROOT, ".next", "server", "server-reference-manifest.json");
  const id = /"([0-9a-f]{40,})"/.exec(readFileSync(manifest, "utf8"))?.[1] ?? "";
  return new Promise<string | undefined>((resolve, reject) => {
    const headers = { "next-action": id, "content-type": "text/plain;charset=UTF-8", ...more };
    request(app.url + path, { method: "POST", localAddress, headers })
      .on("response", (answer) => {
        answer.resume();
        resolve(/"login-posts:ip:minute";r=(\d+)/.exec(String(answer.headers["ratelimit"]))?.[1]);
      })
      .on("error", reject)
      .end("[]");
  });
}

test("a Server Action that is sent to another page is counted for the sending client", async () => {
  const app = await start();
  expect(await sendAction(app, "/login", "127.0.0.1")).toBe("29");
  expect(await sendAction(app, "/login", "127.0.0.2")).toBe("29");
  expect(await sendAction(app, "/", "127.0.0.2")).toBe("28");
  expect(await sendAction(app, "/nowhere", "127.0.0.2")).toBe("27");
  expect(await sendAction(app, "/login", "127.0.0.1")).toBe("28");
});

test("a Server Action behind a proxy that terminates TLS is forwarded to its own page", async () => {
  const app = await start(accounts, { CLIENT_IP_FROM: "hops:1" });
  const behind = (address: string) => ({
    "x-forwarded-for": address,
    "x-forwarded-host": "shop.example",
    "x-forwarded-proto": "https",
    origin: "https://shop.example",
  });
  const send = (path: string, from: string) => sendAction(app, path, "127.0.0.1", behind(from));
  expect(await send("/login", "203.0.113.1")).toBe("29");
  expect(await send("/", "203.0.113.1")).toBe("28");
  expect(await send("/", "203.0.113.2")).toBe("29");
});

describe("the login page", () => {
  test("the login page keeps the focus, announces the message, and counts the wait down", async () => {
    const app = await start();
    const page = await open(app, true);
    const answer = page.getByRole("status").first();
    expect(await answer.innerText()).toBe("");
    const element = await answer.elementHandle();
    for (let i = 0; i < 6; i += 1) await signIn(page, "ada", "wrong");
    await expect.poll(() => page.getByText(/^Try again in 1[45]:\d\d$/).count(), PATIENT).toBe(1);
    // Screen readers announce a change only in the same element.
    expect(await element?.innerText()).toContain("15 minutes");
    const focused = page.locator(":focus");
    expect(await focused.getAttribute("name")).toBe("password");
    expect(await focused.getAttribute("aria-describedby")).toBe(await answer.getAttribute("id"));
  });

  test("axe finds no fault in the login page, before and after a denial", async () => {
    const app = await start();
    const page = await open(app, true);
    await page.evaluate(axe.source);
    const faults = () =>
      page.evaluate(async () => {
        const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run();
        return violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
      });
    expect(await faults()).toEqual([]);
    for (let i = 0; i < 6; i += 1) await signIn(page, "ada", "wrong");
    expect(await faults()).toEqual([]);
  });

  test("the login page sends one request for a double click", async () => {
    const app = await start();
    const page = await open(app, true);
    let posts = 0;
    page.on("request", (request) => (posts += request.method() === "POST" ? 1 : 0));
    await page.getByLabel("Account").fill("ada");
    await page.getByLabel("Password").fill("wrong");
    await page.getByRole("button", { name: "Sign in" }).dblclick();
    await expect.poll(() => page.locator("#answer").innerText(), PATIENT).toBe(WRONG);
    expect(posts).toBe(1);
  });
});

describe("a Server Action that the gate denies at the edge", () => {
  async function exhaust(app: RunningApp): Promise<void> {
    for (let i = 0; i < 30; i += 1) await fetch(`${app.url}/api/login`, { method: "POST" });
  }

  test("a denied Server Action is shown by the page's error boundary, and the form returns", async () => {
    const app = await start();
    const page = await open(app, true);
    await exhaust(app);
    await page.getByLabel("Account").fill("ada");
    await page.getByLabel("Password").fill("ada's own");
    const answered = page.waitForResponse((it) => it.request().method() === "POST");
    await page.getByLabel("Password").press("Enter");
    expect((await answered).status()).toBe(429);
    await expect
      .poll(() => page.getByRole("alert").first().innerText(), PATIENT)
      .toMatch(/Please try again in (\d\d? seconds|1 minute)\.$/);
    await page.getByRole("button", { name: "Back to the form" }).click();
    await expect.poll(() => page.getByLabel("Account").count(), PATIENT).toBe(1);
  });

  test("a denied Server Action without JavaScript shows Headgate's own page", async () => {
    const app = await start();
    const page = await open(app, false);
    await exhaust(app);
    await page.getByLabel("Account").fill("ada");
    await page.getByLabel("Password").fill("ada's own");
    await page.getByLabel("Password").press("Enter");
    await expect
      .poll(() => page.getByRole("heading").innerText(), PATIENT)
      .toBe("Too many requests");
    expect(await page.getByText(/Please try again in (\d+ seconds|1 minute)/).count()).toBe(1);
  });
});
