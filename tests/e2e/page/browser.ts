import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { buildOnce } from "#app/_programs/build";
import { ROOT } from "../../support/app.ts";
import { startBrowser } from "../../support/browser.ts";
import { problemsOf, startOnOwnStore as start, type View } from "../../support/page.ts";
import { scope } from "../../support/scope.ts";

export type StartPage = ReturnType<typeof startPage>;

/** Builds and starts the app, and starts a browser, for all tests of a file. */
export function startPage() {
  const cleanUp = scope();
  let browser: Browser;
  /** Used by the tests that do not depend on remaining capacity. */
  let shared: Awaited<ReturnType<typeof start>>;

  beforeAll(async () => {
    await buildOnce(ROOT, () => {});
    browser = await startBrowser();
    shared = await start();
  });
  afterAll(async () => {
    await shared?.stop();
    await browser?.close();
  });

  /** Opens the page, and records the errors of the page. */
  async function open(url: string, view: View = {}, prepare?: (page: Page) => Promise<void>) {
    const page = cleanUp(await browser.newPage(view), (it) => it.close());
    const problems = problemsOf(page);
    await prepare?.(page);
    await page.goto(url);
    return { page, problems };
  }

  /** Starts an app with full capacity for one test. */
  const startApp = async () => cleanUp(await start(), (it) => it.stop());

  return {
    open,
    startApp,
    /** The address of the app for tests that do not depend on remaining capacity. */
    get url() {
      return shared.url;
    },
  };
}
