// All tests that run next dev in this tree are in this file, because two of them at once would share one
// output folder.
import { join } from "node:path";
import { Redis as Direct } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packageName } from "#lib/server/package-name";
import { namespaceOf } from "#lib/core/namespace";
import { DEV, ROOT, type RunningApp, startProgram } from "../support/app.ts";
import { startBrowser } from "../support/browser.ts";
import { startStore, type TestStore } from "../support/gateway.ts";
import { expectNothingLeft, launch, type Launched } from "../support/launched.ts";
import { expectLimitsNothing } from "../support/mode-off.ts";
import { repeat, statuses, times } from "../support/repeat.ts";
import { scope } from "../support/scope.ts";
import { namespacesOf, totalled, trackOne } from "../support/tracking.ts";

const cleanUp = scope();
const NEXT = join(ROOT, "node_modules", "next", "dist", "bin", "next");

const NEXT_DEV = [NEXT, "dev", "-p", "0", "-H", "127.0.0.1"];

/** How long a page of a development server may take to open, in milliseconds. */
const COMPILED_MS = 180_000;

describe("npm run dev", () => {
  let app: RunningApp;

  // The tests that do not stop the app share one, because each start compiles anew.
  beforeAll(async () => {
    app = await startProgram(DEV, { PORT: "0" });
  });
  afterAll(() => app?.stop());

  test("npm run dev enforces the same limits as npm start", async () => {
    const answers = await repeat(11, () => fetch(`${app.url}/api/search`));
    expect(statuses(answers)).toEqual([...times(10, 200), 429]);
  });

  test("the development sign-in signs the named user in, by a cookie that scripts cannot read", async () => {
    const browser = cleanUp(await startBrowser(), (it) => it.close());
    const page = await browser.newPage();
    // Each page compiles when it is first opened, which takes long on a loaded machine.
    page.setDefaultTimeout(COMPILED_MS);
    await page.goto(`${app.url}/dev/sign-in`);
    await page.getByLabel("User").fill("ada");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL(`${app.url}/`);
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({
      name: "session",
      httpOnly: true,
      secure: true,
      sameSite: "Lax",
      path: "/",
    });
    const update = () =>
      page.evaluate(async () => {
        const answer = await fetch("/api/dashboard/profile/update", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ city: "Lisbon" }),
        });
        return answer.status;
      });
    expect(await update()).toBe(200);
    expect(await page.evaluate(() => document.cookie)).toBe("");

    await page.goto(`${app.url}/dev/sign-in`);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL(`${app.url}/`);
    expect(await update()).toBe(401);
  });

  test("the development sign-in rejects a form of another site", async () => {
    const foreign = await fetch(`${app.url}/dev/sign-in/session`, {
      method: "POST",
      headers: { origin: "https://evil.example" },
      body: new URLSearchParams({ sub: "ada", role: "admin" }),
      redirect: "manual",
    });
    expect(foreign.status).toBe(403);
    expect(foreign.headers.get("set-cookie")).toBeNull();
  });

  test("npm run dev exits with 0 when it is stopped", async () => {
    expect(await app.stop()).toBe(0);
  });

  test("npm run dev leaves no process and no temporary folder behind after SIGKILL", async () => {
    const app = cleanUp(launchDev({ HEADGATE_STORE: "redis" }), (it) => it.remove());
    await fetch(`${await urlOf(app)}/api/search`);
    const started = app.descendants();
    expect(started.length).toBeGreaterThan(0);
    app.signal("SIGKILL");
    await app.ended;
    await expectNothingLeft(app, started);
  });
});

/** Starts the app as a terminal does. */
const launchDev = (env: Readonly<Record<string, string>>) =>
  launch(process.execPath, DEV, { PORT: "0", ...env });

async function urlOf(app: Launched): Promise<string> {
  const [, url = ""] = await app.printed(/^ready +(http\S+)$/m);
  return url;
}

describe("npm run dev and next dev with a Redis", () => {
  const APP = { HEADGATE_APP: packageName(ROOT) };
  const DEVELOPMENT = namespaceOf({ ...APP, NODE_ENV: "development" }).name;
  const cleanUpLast = scope(afterAll);
  let store: TestStore;
  let direct: Direct;
  let app: Launched;
  let url = "";

  beforeAll(async () => {
    store = cleanUpLast(await startStore(), (it) => it.stop());
    direct = cleanUpLast(new Direct(store.redis.url), (it) => it.disconnect());
    const env = { REDIS_URL: store.redis.url, HEADGATE_STORE_DEADLINE_MS: "10000" };
    app = cleanUpLast(launchDev(env), (it) => it.remove());
    url = await urlOf(app);
  });

  test("npm run dev has other keys than npm start, and npm run analytics finds them", async () => {
    expect(await namespacesOf({ url }, direct)).toEqual([DEVELOPMENT]);
    expect(DEVELOPMENT).not.toBe(namespaceOf({ ...APP, NODE_ENV: "production" }).name);
    const env = { REDIS_URL: store.redis.url, NODE_ENV: "development" };
    expect(await totalled(env)).toBe("1 totalled, 0 set aside");
  });

  test("npm run dev prints nothing about Redis after Ctrl-C", async () => {
    const started = app.descendants();
    const before = app.output();
    app.signalGroup("SIGINT");
    expect(await app.ended).toBe(0);
    expect(app.output().slice(before.length)).not.toMatch(/Redis|rror/);
    await expectNothingLeft(app, started);
  });

  test("next dev has the same keys as npm run dev", async () => {
    const rest = { UPSTASH_REDIS_REST_URL: store.url, UPSTASH_REDIS_REST_TOKEN: store.token };
    const env = { ...rest, NODE_ENV: "development", CLIENT_IP_FROM: "hops:1" };
    const app = cleanUp(await startProgram(NEXT_DEV, env), (it) => it.stop());
    expect(await namespacesOf(app, direct)).toEqual([DEVELOPMENT]);
    await direct.flushall();
    await trackOne(app.url);
    const given = { ...rest, NODE_ENV: "development" };
    expect(await totalled(given)).toBe("1 totalled, 0 set aside");
  });
});

describe("HEADGATE_MODE=off without a store", () => {
  test.each<readonly [string, readonly string[], Readonly<Record<string, string>>]>([
    ["npm run dev", DEV, { PORT: "0" }],
    ["next dev", NEXT_DEV, { NODE_ENV: "development" }],
  ])("%s with HEADGATE_MODE=off allows every request, and calls no store", async (_, args, env) => {
    const given = { HEADGATE_MODE: "off", ...env };
    await expectLimitsNothing(cleanUp(await startProgram(args, given), (it) => it.stop()));
  });
});
