import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { write } from "../../package/world.ts";
import { ROOT, type RunningApp, startProgram } from "../../support/app.ts";
import { startBrowser } from "../../support/browser.ts";
import { installPackage } from "../../support/built-package.ts";
import { startStore, type TestStore } from "../../support/gateway.ts";
import { MACHINE } from "../../support/machine.ts";
import { configInTree } from "../../support/next-config.ts";
import { scope } from "../../support/scope.ts";
import { filesOfApp } from "./files.ts";

/** A busy machine is slow. */
export const PATIENT = { timeout: 20_000 };

/** A folder within the tree finds the packages of the tree. */
const APP = join(ROOT, ".headgate", `handler-guides-${process.pid}`);
export const BIN = join(ROOT, "node_modules");
const NEXT = join(BIN, "next", "dist", "bin", "next");

export type GuidesApp = ReturnType<typeof guidesApp>;

/** Builds and starts the app that the guides show, for all tests of a file. */
export function guidesApp() {
  let store: TestStore | undefined;
  let app: RunningApp;
  let browser: Browser;
  let clients = 0;
  const cleanUp = scope();

  beforeAll(async () => {
    await installPackage(APP);
    write(APP, filesOfApp());
    // tests/unit/docs-code.test.ts checks the types of the guides' code.
    const config = configInTree({ typescript: { ignoreBuildErrors: true } });
    writeFileSync(join(APP, "next.config.mjs"), config);

    const build = runNext("build");
    if (build.status !== 0) throw new Error(build.output);
    store = await startStore();
    app = await startProgram([NEXT, "start", "-p", "0", "-H", "localhost"], variables(store), APP);
    browser = await startBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    await app?.stop();
    await store?.stop();
    rmSync(APP, { recursive: true, force: true });
  });

  /** Returns the headers of a client with a new address. */
  function newAddress(): Record<string, string> {
    clients += 1;
    return { "x-forwarded-for": `198.51.100.${clients}` };
  }

  /** Returns a function that sends requests as a client with a new address. */
  function newClient() {
    const headers = newAddress();
    return (path: string, body?: string | URLSearchParams, more: Record<string, string> = {}) =>
      fetch(app.url + path, {
        headers: { ...headers, ...more },
        ...(body !== undefined && { method: "POST", body }),
      });
  }

  /** Opens a page as a client with a new address. */
  async function newPage(javaScriptEnabled: boolean, path = "/contact") {
    const options = { javaScriptEnabled, extraHTTPHeaders: newAddress() };
    const context = cleanUp(await browser.newContext(options), (it) => it.close());
    const page = await context.newPage();
    await page.goto(app.url + path);
    const send = async (email: string) => {
      await page.getByLabel("Your e-mail address").fill(email);
      await page.getByRole("button", { name: "Send" }).click();
    };
    return { page, send };
  }

  return {
    newAddress,
    newClient,
    newPage,
    get url() {
      return app.url;
    },
    /** The app's address, its folder, and the variables of the app and of commands on its store. */
    get running() {
      return { url: app.url, folder: APP, env: store ? variables(store) : {} };
    },
  };
}

function variables({ url, token }: TestStore) {
  return {
    UPSTASH_REDIS_REST_URL: url,
    UPSTASH_REDIS_REST_TOKEN: token,
    CLIENT_IP_FROM: "hops:1",
    HEADGATE_NAMESPACE: "guides",
  };
}

/** Runs a program of Node in the app's folder. */
export function run(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: APP,
    encoding: "utf8",
    env: { ...MACHINE, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
  });
  return { status, output: stdout + stderr };
}

/** Runs Next in the app's folder. */
export const runNext = (...args: readonly string[]) => run(NEXT, ...args);
