import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildPackage } from "../../config/package/build.ts";
import { write } from "../package/world.ts";
import { ROOT, type RunningApp, startProgram } from "../support/app.ts";
import { startBrowser } from "../support/browser.ts";
import { startStore, type TestStore } from "../support/gateway.ts";
import { MACHINE } from "../support/machine.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();

/** A busy machine is slow. */
const PATIENT = { timeout: 20_000 };

const DOC = readFileSync(join(ROOT, "docs", "guides", "embedding.md"), "utf8");
/** An import of a package, not of a file of the app. */
const PACKAGE = /^(?:import|export|\}) .*from "((?!@\/)[a-z@][^"]*)"/gm;
/** A folder within the tree finds the packages of the tree. */
const APP = join(ROOT, ".headgate", `embedding-${process.pid}`);
const BIN = join(ROOT, "node_modules");

let store: TestStore | undefined;
let app: RunningApp;
let browser: Browser;
let clients = 0;

/** The files of create-next-app that the files of the page need. */
const GIVEN = {
  "package.json": '{ "name": "app", "private": true }\n',
  "tsconfig.json": JSON.stringify({
    compilerOptions: {
      target: "ES2017",
      lib: ["dom", "dom.iterable", "esnext"],
      skipLibCheck: true,
      strict: true,
      noEmit: true,
      esModuleInterop: true,
      module: "esnext",
      moduleResolution: "bundler",
      resolveJsonModule: true,
      isolatedModules: true,
      jsx: "react-jsx",
      incremental: true,
      plugins: [{ name: "next" }],
      paths: { "@/*": ["./*"] },
    },
    include: ["next-env.d.ts", "**/*.ts", "**/*.tsx", ".next/types/**/*.ts"],
    exclude: ["node_modules"],
  }),
};

/** The files that the page shows. A name in brackets after a path names a variant of the file. */
function files(): { path: string; text: string }[] {
  return [...DOC.matchAll(/^```(?:tsx?|json)\n\/\/ (\S+)(?: \((\w+)\))?\n(.*?)^```$/gms)].map(
    ([, path = "", variant, text = ""]) => ({
      path: variant ? path.replace(".ts", `-${variant}.ts`) : path,
      text,
    }),
  );
}

function run(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: APP,
    encoding: "utf8",
    env: { ...MACHINE, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
  });
  return { status, output: stdout + stderr };
}

beforeAll(async () => {
  await buildPackage(ROOT, join(APP, "node_modules", "headgate"));
  const shown = Object.fromEntries(files().map(({ path, text }) => [path, text]));
  write(APP, { ...GIVEN, ...shown });
  // The packages are in the folder above. An app with its own packages does not need this.
  const config = `export default { turbopack: { root: ${JSON.stringify(ROOT)} } };\n`;
  writeFileSync(join(APP, "next.config.mjs"), config);

  const build = run(join(BIN, "next", "dist", "bin", "next"), "build");
  if (build.status !== 0) throw new Error(build.output);
  store = await startStore();
  app = await startProgram(
    [join(BIN, "next", "dist", "bin", "next"), "start", "-p", "0", "-H", "localhost"],
    {
      UPSTASH_REDIS_REST_URL: store.url,
      UPSTASH_REDIS_REST_TOKEN: store.token,
      CLIENT_IP_FROM: "hops:1",
    },
    APP,
  );
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

function newClient() {
  const headers = newAddress();
  return (path: string, body?: unknown) =>
    fetch(app.url + path, {
      headers,
      ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
    });
}

async function newPage(javaScriptEnabled: boolean) {
  const options = { javaScriptEnabled, extraHTTPHeaders: newAddress() };
  const context = cleanUp(await browser.newContext(options), (it) => it.close());
  const page = await context.newPage();
  await page.goto(`${app.url}/contact`);
  const send = async (email: string) => {
    await page.getByLabel("Your e-mail address").fill(email);
    await page.getByRole("button", { name: "Send" }).click();
  };
  return { page, send };
}

describe("the page", () => {
  test("docs/guides/embedding.md shows whole files, each once", () => {
    const paths = files().map(({ path }) => path);
    expect(new Set(paths).size).toBe(paths.length);
    const blocks = DOC.match(/^```(?:tsx?|json)$/gm);
    expect(paths).toHaveLength(blocks?.length ?? 0);
  });

  test("docs/guides/embedding.md installs every package that its files import and a new app lacks", () => {
    const used = files().flatMap(({ text }) =>
      [...text.matchAll(PACKAGE)].map(([, name = ""]) => name.replace(/\/.*/, "")),
    );
    const others = used.filter((name) => !["headgate", "next", "react"].includes(name));
    expect([...new Set(others)]).toEqual(["zod"]);
    expect(DOC).toMatch(/^npm install <path>\/headgate-0\.1\.0\.tgz zod$/m);
  });

  test("docs/guides/embedding.md shows an app that compiles in every variant", () => {
    expect(run(join(BIN, "typescript", "bin", "tsc"), "--noEmit", "-p", ".")).toEqual({
      status: 0,
      output: "",
    });
  });

  test("docs/guides/embedding.md shows a policy that passes headgate check", () => {
    const check = run("node_modules/headgate/bin.mjs", "check");
    expect(check.output).toContain("4 rules");
    expect(check.status).toBe(0);
  });
});

test("an app without its variables does not start, and prints which ones are missing", () => {
  const start = run(join(BIN, "next", "dist", "bin", "next"), "start", "-p", "0");
  expect(start.output).toContain("ENV_INVALID: The environment cannot be used.");
  expect(start.output).toContain("UPSTASH_REDIS_REST_URL must be set");
  expect(start.status).toBe(1);
});

describe("a route handler", () => {
  test("a route handler consumes a cost, denies a cost above the capacity, and refunds a failed one", async () => {
    const call = newClient();
    const report = await call("/api/reports", { pages: 8 });
    expect(await report.json()).toEqual({ report: "8 pages", remaining: 12 });
    expect(report.headers.get("ratelimit")).toMatch(/^"api:ip:minute";r=599/);

    expect((await call("/api/reports", { pages: 12 })).status).toBe(200);
    const denied = await call("/api/reports", { pages: 1 });
    expect(denied.status).toBe(429);
    // If a rule of the edge matches too, its limit headers replace those of the handler.
    expect(denied.headers.get("ratelimit-policy")).toBe('"api:ip:minute";q=600;w=60');
    expect(Number(denied.headers.get("retry-after"))).toBeGreaterThan(3590);
    expect(await denied.json()).toMatchObject({ "violated-policies": ["reports:ip:hour"] });

    const other = newClient();
    expect((await other("/api/reports", { pages: 13 })).status).toBe(503);
    await expect
      .poll(async () => (await other("/api/reports/room")).json(), PATIENT)
      .toEqual({
        remaining: 20,
        of: 20,
      });
  });

  test("a route handler counts its own key", async () => {
    const call = newClient();
    const answers = [await call("/api/ping"), await call("/api/ping"), await call("/api/ping")];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(answers[2]?.headers.get("retry-after")).toMatch(/^(?:59|60)$/);
  });
});

test("a body that Next would truncate is denied in an app without a setting for bodies", async () => {
  const send = (bytes: number) =>
    fetch(`${app.url}/api/reports`, {
      method: "POST",
      headers: newAddress(),
      body: new Uint8Array(bytes),
    });
  const denied = await send(10_485_761);
  expect(denied.status).toBe(413);
  expect(await denied.json()).toMatchObject({ title: "Content Too Large" });
  // The handler received the body, and rejects it.
  expect((await send(10_485_760)).status).toBe(400);
});

describe.each([
  ["with JavaScript", true],
  ["without JavaScript", false],
])("a Server Action %s", (_, javaScript) => {
  test("a Server Action that denies a request itself keeps the form", async () => {
    const { page, send } = await newPage(javaScript);
    const said = page.locator("output");
    const email = `${javaScript ? "on" : "off"}@example.org`;
    for (const spelling of [email, email.toUpperCase(), ` ${email}`]) {
      await send(spelling);
      await expect
        .poll(() => page.getByLabel("Your e-mail address").inputValue(), PATIENT)
        .toBe("");
      expect(await said.innerText()).toBe("Sent.");
    }
    await send(email);
    await expect
      .poll(() => said.innerText(), PATIENT)
      .toMatch(/^Too many messages. Please try again in (59|60) min\.$/);
    await send("another@example.org");
    await expect.poll(() => said.innerText(), PATIENT).toBe("Sent.");
  });
});

describe("dedup and locks", () => {
  test("a visit counts once, and is processed again after it could not be recorded", async () => {
    const call = newClient();
    const visit = async (body: unknown) => (await call("/api/visits", body)).json();
    expect(await visit({ session: 1 })).toEqual({ counted: true });
    expect(await visit({ session: 1 })).toEqual({ counted: false });
    expect((await call("/api/visits", "broken")).status).toBe(503);
    expect((await call("/api/visits", "broken")).status).toBe(503);
  });

  test("one of five concurrent rebuilds runs, and another one afterwards", async () => {
    const call = newClient();
    const rebuild = async () => (await call("/api/rebuild", {})).status;
    const statuses = await Promise.all(Array.from({ length: 5 }, rebuild));
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 409, 409, 409, 409]);
    expect(await rebuild()).toBe(200);
  });
});

describe("a Server Action that the edge denies", () => {
  async function denied(javaScript: boolean) {
    const opened = await newPage(javaScript);
    await opened.page.evaluate(() =>
      Promise.all(Array.from({ length: 8 }, () => fetch("/contact", { method: "POST" }))),
    );
    await opened.send("reader@example.org");
    return opened.page;
  }

  test("a Server Action that the edge denies shows the gate's text, and the form returns", async () => {
    const page = await denied(true);
    await expect
      .poll(() => page.getByRole("alert").first().innerText(), PATIENT)
      .toMatch(/^Too many requests were made. Please try again in (\d\d? seconds|1 minute)\.$/);
    await page.getByRole("button", { name: "Back to the form" }).click();
    await expect.poll(() => page.getByRole("button", { name: "Send" }).count(), PATIENT).toBe(1);
  });

  test("a Server Action that the edge denies shows Headgate's page without JavaScript", async () => {
    const page = await denied(false);
    await expect
      .poll(() => page.getByRole("heading").innerText(), PATIENT)
      .toBe("Too many requests");
  });
});
