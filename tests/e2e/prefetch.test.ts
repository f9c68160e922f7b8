import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunningApp } from "../support/app.ts";
import { startBrowser } from "../support/browser.ts";
import { buildFixture, startFixture } from "../support/fixture.ts";
import { startStore, type TestStore } from "../support/gateway.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();
let store: TestStore;
let app: RunningApp;
let browser: Browser;

beforeAll(async () => {
  buildFixture("prefetch");
  store = await startStore();
  app = await startFixture("prefetch", {
    UPSTASH_REDIS_REST_URL: store.url,
    UPSTASH_REDIS_REST_TOKEN: store.token,
  });
  browser = await startBrowser();
});

afterAll(async () => {
  await browser?.close();
  await app?.stop();
  await store?.stop();
});

/** Opens a page of thirty links as a new client, and returns the statuses of what it prefetched. */
async function openLinks(to: string, address: string) {
  const page = cleanUp(
    await browser.newPage({ extraHTTPHeaders: { "x-forwarded-for": address } }),
    (it) => it.close(),
  );
  const prefetched: number[] = [];
  const seen = new Set<string>();
  page.on("response", (response) => {
    const { pathname } = new URL(response.url());
    if (!pathname.startsWith(`/${to}/`)) return;
    prefetched.push(response.status());
    seen.add(/\d+/.exec(pathname)?.[0] ?? "");
  });
  await page.goto(`${app.url}/links/${to}`);
  // Every link is prefetched at least once.
  await expect.poll(() => seen.size).toBe(30);
  return { page, prefetched };
}

test("a click is served after thirty prefetches where the rule counts them apart", async () => {
  const { page, prefetched } = await openLinks("p", "198.51.100.1");
  expect(prefetched.length).toBeGreaterThanOrEqual(30);
  expect(prefetched.filter((status) => status !== 200)).toEqual([]);
  await page.getByRole("link", { name: "Page 7." }).click();
  await page.getByRole("heading", { name: "This is page 7." }).waitFor();
});

test("a click is denied after thirty prefetches where the rule counts them as visits", async () => {
  const { page, prefetched } = await openLinks("q", "198.51.100.2");
  expect(prefetched).toContain(429);
  await page.getByRole("link", { name: "Page 30." }).click();
  await page.getByText("Too many requests").first().waitFor();
});

test("a client that claims to prefetch has the limit for prefetches, and no more", async () => {
  const ask = async (headers: Record<string, string>) => {
    const all = { "x-forwarded-for": "198.51.100.3", ...headers };
    return (await fetch(`${app.url}/p/1`, { headers: all })).status;
  };
  const statuses = [];
  for (let i = 0; i < 230; i += 1) statuses.push(await ask({ "next-router-prefetch": "1" }));
  const visits = [];
  for (let i = 0; i < 25; i += 1) visits.push(await ask({}));
  expect(statuses.filter((status) => status === 200)).toHaveLength(200);
  expect(visits.filter((status) => status === 200)).toHaveLength(20);
});
