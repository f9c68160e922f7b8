import axe from "axe-core";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { Redis } from "ioredis";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { hashPassword } from "#app/_domain/auth/passwords";
import { buildOnce } from "#app/_programs/build";
import { ROOT, type RunningApp, startApp } from "../support/app.ts";
import { startBrowser } from "../support/browser.ts";
import { startRedis } from "../support/redis.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();
const cleanUpAtEnd = scope(afterAll);

/** A busy machine is slow. */
const PATIENT = { timeout: 20_000 };

const WRONG = "The account or the password is wrong.";

/** Each test signs in to an account that no other test uses. */
const MOST_ACCOUNTS = 12;

let browser: Browser;
/** The app tells clients apart by the address that a proxy in front of it would name. */
let app: RunningApp;
let clients = 0;

beforeAll(async () => {
  await buildOnce(ROOT, () => {});
  browser = await startBrowser();
  const hash = await hashPassword("ada's own", 1000);
  const accounts = Array.from({ length: MOST_ACCOUNTS }, (_, i) => `ada-${i + 1}:${hash}`);
  const redis = cleanUpAtEnd(await startRedis(), (it) => it.stop());
  const env = { REDIS_URL: redis.url, CLIENT_IP_FROM: "hops:1" };
  app = cleanUpAtEnd(await startApp({ ...env, DEMO_ACCOUNTS: accounts.join(" ") }), (it) =>
    it.stop(),
  );
});
afterAll(() => browser?.close());

/** Returns a client whose address and account no rule has counted yet. */
function newClient() {
  clients += 1;
  return { account: `ada-${clients}`, headers: { "x-forwarded-for": `203.0.113.${clients}` } };
}

type Headers = Readonly<Record<string, string>>;

async function open(url: string, javaScriptEnabled: boolean, headers: Headers = {}): Promise<Page> {
  const options = { javaScriptEnabled, extraHTTPHeaders: { ...headers } };
  const context = cleanUp(await browser.newContext(options), (it) => it.close());
  const page = await context.newPage();
  await page.goto(`${url}/login`);
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

const post = (url: string, account: string, password: string, headers: Headers = {}) =>
  fetch(`${url}/api/login`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
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
    const { account, headers } = newClient();
    const attempt = (name: string, password: string) => post(app.url, name, password, headers);
    const right = await attempt(account.toUpperCase(), "ada's own");
    expect(right.status).toBe(200);
    expect(await right.json()).toMatchObject({ account });

    const wrong = await seen(await attempt(account, "wrong"));
    expect(wrong).toMatchObject({ status: 403, waits: false });
    expect(await seen(await attempt("unknown", "wrong"))).toStrictEqual(wrong);
    for (let i = 0; i < 4; i += 1) {
      await attempt(account, "wrong");
      await attempt("unknown", "wrong");
    }
    const byAccount = await seen(await attempt(account, "ada's own"));
    expect(byAccount).toMatchObject({ status: 429, waits: true });
    expect(byAccount.limits).toBe('"api:ip:minute", "login-posts:ip:minute"');
    expect(await seen(await attempt("unknown", "wrong"))).toStrictEqual(byAccount);

    for (let i = 0; i < 10; i += 1) await attempt(`account-${i}`, "wrong");
    expect(await seen(await attempt("another-account", "wrong"))).toStrictEqual(byAccount);
  });
});

test.each([
  ["with JavaScript", true],
  ["without JavaScript", false],
])(
  "the login page %s signs in, says what was wrong, and says how long to wait",
  async (_, javaScript) => {
    const { account, headers } = newClient();
    const page = await open(app.url, javaScript, headers);
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => message.type() === "error" && problems.push(message.text()));

    expect(await signIn(page, account.toUpperCase(), "ada's own")).toBe(
      `The password is correct: you are ${account}. This page starts no session.`,
    );
    for (let i = 0; i < 5; i += 1) expect(await signIn(page, account, "wrong")).toBe(WRONG);
    expect(await page.getByLabel("Account").inputValue()).toBe(account);
    expect(await page.getByLabel("Password").inputValue()).toBe("");
    expect(await signIn(page, account, "ada's own")).toBe(
      "There were too many attempts. Please try again in 15 minutes.",
    );
    expect(problems).toEqual([]);
  },
);

/** Sends the login's Server Action to a page, and resolves to the remaining capacity of its rule. */
function sendAction(url: string, localAddress: string, more: Headers = {}) {
  const manifest = join(ROOT, ".next", "server", "server-reference-manifest.json");
  const id = /"([0-9a-f]{40,})"/.exec(readFileSync(manifest, "utf8"))?.[1] ?? "";
  return new Promise<string | undefined>((resolve, reject) => {
    const headers = { "next-action": id, "content-type": "text/plain;charset=UTF-8", ...more };
    request(url, { method: "POST", localAddress, headers })
      .on("response", (answer) => {
        answer.resume();
        resolve(/"login-posts:ip:minute";r=(\d+)/.exec(String(answer.headers["ratelimit"]))?.[1]);
      })
      .on("error", reject)
      .end("[]");
  });
}

test("a Server Action behind a proxy that terminates TLS is forwarded to its own page", async () => {
  const send = (path: string, { headers }: ReturnType<typeof newClient>) =>
    sendAction(app.url + path, "127.0.0.1", {
      ...headers,
      "x-forwarded-host": "shop.example",
      "x-forwarded-proto": "https",
      origin: "https://shop.example",
    });
  const client = newClient();
  expect(await send("/login", client)).toBe("29");
  expect(await send("/", client)).toBe("28");
  expect(await send("/", newClient())).toBe("29");
});

describe("an app without accounts, and with clients that connect to it directly", () => {
  let direct: RunningApp;
  let commands: Redis;
  beforeAll(async () => {
    const redis = cleanUpAtEnd(await startRedis(), (it) => it.stop());
    commands = cleanUpAtEnd(new Redis(redis.url), (it) => it.quit());
    direct = cleanUpAtEnd(await startApp({ REDIS_URL: redis.url, DEMO_ACCOUNTS: "" }), (it) =>
      it.stop(),
    );
  });
  beforeEach(() => commands.flushall());

  test("a built app has no accounts but those of DEMO_ACCOUNTS", async () => {
    expect((await post(direct.url, "demo", "let me in")).status).toBe(403);
  });

  test("a Server Action that is sent to another page is counted for the sending client", async () => {
    const send = (path: string, address: string) => sendAction(direct.url + path, address);
    expect(await send("/login", "127.0.0.1")).toBe("29");
    expect(await send("/login", "127.0.0.2")).toBe("29");
    expect(await send("/", "127.0.0.2")).toBe("28");
    expect(await send("/nowhere", "127.0.0.2")).toBe("27");
    expect(await send("/login", "127.0.0.1")).toBe("28");
  });

  test.each([
    ["with JavaScript", true],
    ["without JavaScript", false],
  ])(
    "the login page %s counts by the socket's address, whatever a client claims",
    async (_, javaScript) => {
      for (let i = 0; i < 18; i += 1) await post(direct.url, `account-${i}`, "wrong");
      const page = await open(direct.url, javaScript);
      const answers: string[] = [];
      for (const claim of ["203.0.113.1", "203.0.113.2", "203.0.113.3"]) {
        await page.setExtraHTTPHeaders({
          "x-forwarded-for": claim,
          "x-real-ip": claim,
          "x-headgate-socket": `nonce ${claim}`,
        });
        answers.push(await signIn(page, `account-at-${claim}`, "wrong"));
      }
      expect(answers).toEqual([WRONG, WRONG, expect.stringContaining("too many attempts")]);
    },
  );
});

describe("the login page", () => {
  test("the login page keeps the focus, announces the message, and counts the wait down", async () => {
    const { account, headers } = newClient();
    const page = await open(app.url, true, headers);
    const answer = page.getByRole("status").first();
    expect(await answer.innerText()).toBe("");
    const element = await answer.elementHandle();
    for (let i = 0; i < 6; i += 1) await signIn(page, account, "wrong");
    await expect.poll(() => page.getByText(/^Try again in 1[45]:\d\d$/).count(), PATIENT).toBe(1);
    // Screen readers announce a change only in the same element.
    expect(await element?.innerText()).toContain("15 minutes");
    const focused = page.locator(":focus");
    expect(await focused.getAttribute("name")).toBe("password");
    expect(await focused.getAttribute("aria-describedby")).toBe(await answer.getAttribute("id"));
  });

  test("axe finds no fault in the login page, before and after a denial", async () => {
    const { account, headers } = newClient();
    const page = await open(app.url, true, headers);
    await page.evaluate(axe.source);
    const faults = () =>
      page.evaluate(async () => {
        const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run();
        return violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
      });
    expect(await faults()).toEqual([]);
    for (let i = 0; i < 6; i += 1) await signIn(page, account, "wrong");
    expect(await faults()).toEqual([]);
  });

  test("the login page sends one request for a double click", async () => {
    const { account, headers } = newClient();
    const page = await open(app.url, true, headers);
    let posts = 0;
    page.on("request", (request) => (posts += request.method() === "POST" ? 1 : 0));
    await page.getByLabel("Account").fill(account);
    await page.getByLabel("Password").fill("wrong");
    await page.getByRole("button", { name: "Sign in" }).dblclick();
    await expect.poll(() => page.locator("#answer").innerText(), PATIENT).toBe(WRONG);
    expect(posts).toBe(1);
  });
});

describe("a Server Action that the gate denies at the edge", () => {
  /** Opens the page for a client that has no attempt left, and fills the form with a right password. */
  async function openExhausted(javaScript: boolean): Promise<Page> {
    const { account, headers } = newClient();
    const page = await open(app.url, javaScript, headers);
    for (let i = 0; i < 30; i += 1) {
      await fetch(`${app.url}/api/login`, { method: "POST", headers });
    }
    await page.getByLabel("Account").fill(account);
    await page.getByLabel("Password").fill("ada's own");
    return page;
  }

  test("a denied Server Action is shown by the page's error boundary, and the form returns", async () => {
    const page = await openExhausted(true);
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
    const page = await openExhausted(false);
    await page.getByLabel("Password").press("Enter");
    await expect
      .poll(() => page.getByRole("heading").innerText(), PATIENT)
      .toBe("Too many requests");
    expect(await page.getByText(/Please try again in (\d+ seconds|1 minute)/).count()).toBe(1);
  });
});
