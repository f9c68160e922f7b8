import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { startBrowser } from "../../support/browser.ts";
import { historyAt, manyRules, snapshotAt } from "../../support/dashboard-fixture.ts";
import { DashboardServer } from "../../support/dashboard-server.ts";
import type { State } from "../../support/dashboard-states.ts";
import type { View } from "../../support/page.ts";
import { scope } from "../../support/scope.ts";

/** A store without a fault, with eight rules. */
export const well: State = {
  snapshot: (now) => snapshotAt(now),
  history: (now) => historyAt(now, manyRules(8)),
  words: ["live by Redis Pub/Sub"],
};

export type DashboardBrowser = ReturnType<typeof dashboardBrowser>;

/** Starts a browser for all tests of a file. */
export function dashboardBrowser() {
  const cleanUp = scope();

  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());

  /** Opens the page of a server, and records the errors of the page. */
  async function open(sent: Omit<State, "words"> = well, view: View = {}) {
    const server = cleanUp(await new DashboardServer(sent).start(), (it) => it.stop());
    const context = cleanUp(await browser.newContext(view), (it) => it.close());
    const page = await context.newPage();
    const problems = problemsOf(page);
    await page.goto(server.url);
    return { server, context, page, problems };
  }

  /** Opens the page of a server after the page was prepared, with the clock or the network of a test. */
  async function openPrepared(prepare: (page: Page) => Promise<void>) {
    const server = cleanUp(await new DashboardServer(well).start(), (it) => it.stop());
    const page = cleanUp(await browser.newPage(), (it) => it.close());
    await prepare(page);
    await page.goto(server.url);
    return { server, page };
  }

  return { open, openPrepared };
}

/** Errors, and violations of the page's policy. The browser itself reports a server that is unavailable. */
function problemsOf(page: Page): readonly string[] {
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    const isAnswer = message.location().url.endsWith("/live.sse");
    if (message.type() !== "log" && !isAnswer) problems.push(message.text());
  });
  return problems;
}

export const chartOf = (page: Page, name: RegExp) => page.getByRole("img", { name });
export const labelOf = (page: Page, name: RegExp) => chartOf(page, name).getAttribute("aria-label");
export const DENIED = /denied: last/;
