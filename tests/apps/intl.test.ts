import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT, type RunningApp } from "../support/app.ts";
import { buildFixture, fixture, startFixture } from "../support/fixture.ts";
import { startStore, type TestStore } from "../support/gateway.ts";

let store: TestStore;
let app: RunningApp;
let clients = 0;

beforeAll(async () => {
  buildFixture("intl");
  store = await startStore();
  app = await startFixture("intl", {
    UPSTASH_REDIS_REST_URL: store.url,
    UPSTASH_REDIS_REST_TOKEN: store.token,
  });
});

afterAll(async () => {
  await app?.stop();
  await store?.stop();
});

/** Returns a client with a new address. */
function newClient() {
  clients += 1;
  const headers = { "x-forwarded-for": `198.51.100.${clients}` };
  return (path: string, init: RequestInit = {}) =>
    fetch(app.url + path, { redirect: "manual", headers, ...init });
}

/** The form data that a browser without JavaScript sends for the form of a page. */
async function formOf(call: ReturnType<typeof newClient>, path: string): Promise<FormData> {
  const html = await (await call(path)).text();
  const form = new FormData();
  for (const [, name = ""] of html.matchAll(/<input type="hidden" name="([^"]+)"/g)) {
    form.append(name, "");
  }
  return form;
}

const SPELLINGS = [
  "/contact",
  "/en/contact",
  "/de/kontakt",
  "/de/contact",
  "/DE/kontakt",
  "/%64e/kontakt",
  // The matcher of next-intl excludes these paths, so Next takes their first segment as the locale.
  "/x.y/contact",
  "/apix/contact",
  "/trpc/contact",
  "/_vercel/contact",
];

describe("an app of next-intl", () => {
  test("a Server Action has one count in all locales of its form", async () => {
    const call = newClient();
    const body = await formOf(call, "/contact");
    expect([...body.keys()]).toHaveLength(1);
    const statuses = [];
    for (const path of [...SPELLINGS, ...SPELLINGS]) {
      statuses.push((await call(path, { method: "POST", body })).status);
    }
    expect(statuses.filter((status) => status !== 429)).toHaveLength(3);
    expect(statuses.slice(3)).toEqual(Array.from({ length: 2 * SPELLINGS.length - 3 }, () => 429));
  });

  test.each(["/contact", "/de/kontakt"])(
    "the Server Action runs at %s, and is then denied",
    async (path) => {
      const call = newClient();
      const body = await formOf(call, path);
      const statuses = [];
      for (let i = 0; i < 5; i += 1)
        statuses.push((await call(path, { method: "POST", body })).status);
      expect(statuses).toEqual([200, 200, 200, 429, 429]);
    },
  );

  test("an app of next-intl serves its pages in every locale, and its API and files without a locale", async () => {
    const call = newClient();
    const html = async (path: string) => (await call(path)).text();
    expect(await html("/")).toContain('lang="en"');
    expect(await html("/de")).toContain('lang="de"');
    expect(await html("/de/kontakt")).toContain('lang="de"');
    expect(await (await call("/api/me")).json()).toEqual({ me: true });
    expect(await html("/robots.txt")).toContain("User-agent");
  });
});

describe("the audit of an app of next-intl", () => {
  const audit = (...more: readonly string[]) =>
    spawnSync(
      process.execPath,
      [join(ROOT, "lib", "cli", "headgate.ts"), "audit", "--dir", fixture("intl"), ...more],
      { cwd: ROOT, encoding: "utf8" },
    );

  test("headgate audit passes when the policy names the locales", () => {
    const { stdout, status } = audit();
    expect(stdout).toMatch(/^\/\[locale\]\/contact +page +GET .*\n +POST +contact$/m);
    expect(stdout).toContain(" 0 failures");
    expect(status).toBe(0);
  });

  test("headgate audit fails when the policy does not name the locales, with the Server Action and a path", () => {
    const { stdout, status } = audit(
      join("tests", "fixtures", "intl", "config", "without-locales.ts"),
    );
    expect(stdout).toContain("NOT_COVERED");
    expect(stdout).toMatch(/no rule covers POST \/\S+\/contact/);
    expect(status).toBe(1);
  });
});
