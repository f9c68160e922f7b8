import { join } from "node:path";
import type { AxeResults, RunOptions } from "axe-core";
import type { Browser, Page } from "playwright-core";
import { ROOT, startApp } from "./app.ts";
import { startRedis } from "./redis.ts";

/** The browser's view of a page. */
export type View = NonNullable<Parameters<Browser["newPage"]>[0]>;

/** The light and the dark scheme, on a wide screen and on a phone. */
export const VIEWS: readonly (readonly [string, View])[] = [
  ["light", { colorScheme: "light", viewport: { width: 1280, height: 900 } }],
  ["dark", { colorScheme: "dark", viewport: { width: 1280, height: 900 } }],
  ["a phone", { colorScheme: "light", viewport: { width: 375, height: 812 } }],
  ["a phone at night", { colorScheme: "dark", viewport: { width: 375, height: 812 } }],
];

/** Starts the app on a separate store, so that its limits are unused. */
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

/** Records the errors of a page from now on. Responses of 400 or more are normal on the start page. */
export function problemsOf(page: Page): readonly string[] {
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    // The browser itself reports each response of 400 or more.
    const isAnswer = new URL(message.location().url, page.url()).pathname !== "/";
    if (message.type() === "error" && !isAnswer) problems.push(message.text());
  });
  return problems;
}

/** Returns how far a page scrolls sideways, in pixels. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });
}

/** Returns the serious accessibility faults that axe finds. */
export async function faults(page: Page): Promise<string[]> {
  const bad = (await violations(page)).filter(
    ({ impact }) => impact === "serious" || impact === "critical",
  );
  return bad.map(textOf);
}

/** Returns every accessibility fault that axe finds. */
export async function allFaults(page: Page, options: RunOptions = {}): Promise<string[]> {
  return (await violations(page, options)).map(textOf);
}

async function violations(page: Page, options: RunOptions = {}): Promise<AxeResults["violations"]> {
  await page.addScriptTag({ path: join(ROOT, "node_modules", "axe-core", "axe.min.js") });
  const asked = JSON.stringify({ resultTypes: ["violations"], ...options });
  return (await page.evaluate<AxeResults>(`axe.run(${asked})`)).violations;
}

function textOf({ id, nodes }: AxeResults["violations"][number]): string {
  return `${id}: ${nodes.map((node) => node.html).join(" ")}`;
}
