import type { Browser } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import type { RunningApp } from "../../support/app.ts";
import { startBrowser } from "../../support/browser.ts";
import { buildFixture, startFixture } from "../../support/fixture.ts";
import { startStore } from "../../support/gateway.ts";
import { startPage } from "../../support/empty-page.ts";

/** The origin that the policy allows to read limits. */
export const SHOP = "https://shop.example";

export type ComposedApp = ReturnType<typeof composedApp>;

/** Builds and starts the app with its own middleware, for all tests of a file. */
export function composedApp() {
  let store: Awaited<ReturnType<typeof startStore>>;
  let app: RunningApp;
  let shop: Awaited<ReturnType<typeof startPage>>;
  let browser: Browser;
  let clients = 0;

  beforeAll(async () => {
    buildFixture("composed");
    store = await startStore();
    shop = await startPage();
    app = await startFixture("composed", {
      SHOP_ORIGIN: shop.url,
      UPSTASH_REDIS_REST_URL: store.url,
      UPSTASH_REDIS_REST_TOKEN: store.token,
      // The deadline is long, because no test depends on the speed of a loaded machine.
      HEADGATE_STORE_DEADLINE_MS: "10000",
    });
    browser = await startBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    await app?.stop();
    await shop?.stop();
    await store?.stop();
  });

  function newAddress(): string {
    clients += 1;
    return `198.51.100.${clients}`;
  }

  /** Returns a client with a new address. */
  function newClient(headers: Record<string, string> = {}) {
    const address = newAddress();
    return (path: string, init: RequestInit & { duplex?: "half" } = {}) =>
      fetch(app.url + path, {
        redirect: "manual",
        ...init,
        headers: { "x-forwarded-for": address, ...headers },
      });
  }

  return {
    newAddress,
    newClient,
    get browser() {
      return browser;
    },
    get url() {
      return app.url;
    },
    /** The address of a page of another origin. */
    get shopUrl() {
      return shop.url;
    },
  };
}
