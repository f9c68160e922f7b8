import { join } from "node:path";
import type { AxeResults } from "axe-core";
import type { Browser, Page } from "playwright-core";
import { ROOT, startApp } from "./app.ts";
import { startRedis } from "./redis.ts";

/** How a page is looked at. */
export type View = NonNullable<Parameters<Browser["newPage"]>[0]>;

/** By day and by night, on a wide screen and on a phone. */
export const VIEWS: readonly (readonly [string, View])[] = [
  ["light", { colorScheme: "light", viewport: { width: 1280, height: 900 } }],
  ["dark", { colorScheme: "dark", viewport: { width: 1280, height: 900 } }],
  ["a phone", { colorScheme: "light", viewport: { width: 375, height: 812 } }],
  ["a phone at night", { colorScheme: "dark", viewport: { width: 375, height: 812 } }],
];

/** Starts the app on a store of its own, so that its limits are untouched. */
export async function startOnOwnStore(env: Readonly<Record<string, string>> = {}) {
  const redis = await startRedis();
  const app = await startApp({ REDIS_URL: redis.url, ...env }).catch(async (error: unknown) => {
    await redis.stop();
    throw error;
  });
  const stop = async () => {
    await app.stop();
    await redis.stop();
  };
  return { redis, url: app.url, stop };
}

/** What goes wrong in a page from now on; answers of 400 or more are what the start page is for. */
export function problemsOf(page: Page): readonly string[] {
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    // The browser itself notes each answer of 400 or more.
    const isAnswer = new URL(message.location().url, page.url()).pathname !== "/";
    if (message.type() === "error" && !isAnswer) problems.push(message.text());
  });
  return problems;
}

/** How far a page can be scrolled sideways, in pixels. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });
}

/** The serious faults of accessibility that axe finds. */
export async function faults(page: Page): Promise<string[]> {
  await page.addScriptTag({ path: join(ROOT, "node_modules", "axe-core", "axe.min.js") });
  const { violations } = await page.evaluate<AxeResults>("axe.run()");
  const bad = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  return bad.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
}
