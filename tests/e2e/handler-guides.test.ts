import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildPackage } from "../../config/package/build.ts";
import { write } from "../package/world.ts";
import { ROOT, type RunningApp, startProgram } from "../support/app.ts";
import { startBrowser } from "../support/browser.ts";
import { LAYOUT } from "../package/new-app.ts";
import { startStore, type TestStore } from "../support/gateway.ts";
import { MACHINE } from "../support/machine.ts";
import { complaintsOfPage, pagesShownBy } from "../support/page-commands/shown.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();

/** A busy machine is slow. */
const PATIENT = { timeout: 20_000 };

/** The guides whose files are one app. Each shows the whole files that it needs. */
const GUIDES = [
  "limits-in-handlers",
  "server-actions",
  "protect-a-login",
  "count-once",
  "idempotency-keys",
  "locks",
  "set-up-the-gate",
] as const;
const POLICY = "config/rate-limits.ts";
/** An import of a package, not of a file of the app. */
const PACKAGE = /^(?:import|export|\}) .*from "((?!@\/)[a-z@][^"]*)"/gm;
/** A folder within the tree finds the packages of the tree. */
const APP = join(ROOT, ".headgate", `handler-guides-${process.pid}`);
const BIN = join(ROOT, "node_modules");

let store: TestStore | undefined;
let app: RunningApp;
let browser: Browser;
let clients = 0;

/** The files of create-next-app and of docs/start/new-app.md that the files of the guides need. */
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
  "app/layout.tsx": LAYOUT,
};

interface File {
  readonly guide: string;
  readonly path: string;
  readonly text: string;
}

/** The whole files that the guides show. */
const FILES: readonly File[] = GUIDES.flatMap((guide) => {
  const page = readFileSync(join(ROOT, "docs", "guides", `${guide}.md`), "utf8");
  return [...page.matchAll(/^```tsx?\n\/\/ (\S+)\n(.*?)^```$/gms)].map(
    ([, path = "", text = ""]) => ({ guide, path, text }),
  );
});

/** Returns the files of the app: the policy of each guide, and one policy with the rules of all guides. */
function filesOfApp(): Readonly<Record<string, string>> {
  const policies = FILES.filter(({ path }) => path === POLICY);
  const nameOf = ({ guide }: File) => guide.replaceAll("-", "_");
  const merged = `import { definePolicy } from "headgate";
import { identities } from "./identities";
${policies.map((file) => `import ${nameOf(file)} from "./${file.guide}";`).join("\n")}

export default definePolicy({
  identities,
  rules: { ${policies.map((file) => `...${nameOf(file)}.rules`).join(", ")} },
});
`;
  return {
    ...GIVEN,
    ...Object.fromEntries(FILES.map(({ path, text }) => [path, text])),
    ...Object.fromEntries(policies.map(({ guide, text }) => [`config/${guide}.ts`, text])),
    [POLICY]: merged,
  };
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
  write(APP, filesOfApp());
  // The packages are in the folder above. An app with its own packages does not need this.
  const config = `export default { turbopack: { root: ${JSON.stringify(ROOT)} } };\n`;
  writeFileSync(join(APP, "next.config.mjs"), config);

  const build = run(join(BIN, "next", "dist", "bin", "next"), "build");
  if (build.status !== 0) throw new Error(build.output);
  store = await startStore();
  app = await startProgram(
    [join(BIN, "next", "dist", "bin", "next"), "start", "-p", "0", "-H", "localhost"],
    variables(store),
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

/** The variables of the app and of commands on its store. */
function variables({ url, token }: TestStore) {
  return {
    UPSTASH_REDIS_REST_URL: url,
    UPSTASH_REDIS_REST_TOKEN: token,
    CLIENT_IP_FROM: "hops:1",
    HEADGATE_NAMESPACE: "guides",
  };
}

/** Returns the headers of a client with a new address. */
function newAddress(): Record<string, string> {
  clients += 1;
  return { "x-forwarded-for": `198.51.100.${clients}` };
}

function newClient() {
  const headers = newAddress();
  return (path: string, body?: string | URLSearchParams, more: Record<string, string> = {}) =>
    fetch(app.url + path, {
      headers: { ...headers, ...more },
      ...(body !== undefined && { method: "POST", body }),
    });
}

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

describe("the guides", () => {
  test("the guides show a file with the same content everywhere, but for the policy", () => {
    const shown = FILES.filter(({ path }) => path !== POLICY);
    const differing = shown.filter(({ path, text }) =>
      shown.some((other) => other.path === path && other.text !== text),
    );
    expect(differing.map(({ guide, path }) => `${guide}: ${path}`)).toEqual([]);
    expect(new Set(shown.map(({ path }) => path)).size).toBeGreaterThan(15);
  });

  test("the guides import only headgate and the packages of create-next-app", () => {
    const used = FILES.flatMap(({ text }) =>
      [...text.matchAll(PACKAGE)].map(([, name = ""]) => name.replace(/[/:].*/, "")),
    );
    expect([...new Set(used)].toSorted()).toEqual(["headgate", "next", "node", "react"]);
  });

  test("the guides show an app that compiles", () => {
    expect(run(join(BIN, "typescript", "bin", "tsc"), "--noEmit", "-p", ".")).toEqual({
      status: 0,
      output: "",
    });
  });

  test("the guides show policies that pass headgate check", () => {
    const check = run("node_modules/headgate/bin.mjs", "check");
    expect(check.output).toContain("9 rules");
    expect(check.status).toBe(0);
  });
});

const TEST = "tests/e2e/handler-guides.test.ts";

test.each(pagesShownBy(TEST).map((page, at) => [page, `192.0.2.${at + 1}`]))(
  "the commands of %s run on the app, and print what the page shows",
  async (page, address) => {
    const given = store && { url: app.url, folder: APP, env: variables(store), address };
    expect(given && (await complaintsOfPage(TEST, page, given))).toEqual([]);
  },
);

test("an app without its variables does not start, and prints which ones are missing", () => {
  const start = run(join(BIN, "next", "dist", "bin", "next"), "start", "-p", "0");
  expect(start.output).toContain("ENV_INVALID: The environment cannot be used.");
  expect(start.output).toContain("UPSTASH_REDIS_REST_URL must be set");
  expect(start.status).toBe(1);
});

test("the app's own middleware runs behind the gate, which adds its headers", async () => {
  const options = { headers: newAddress(), redirect: "manual" } as const;
  const moved = await fetch(`${app.url}/old`, options);
  expect(moved.status).toBe(307);
  expect(new URL(moved.headers.get("location") ?? "", app.url).pathname).toBe("/contact");
});

describe("a route handler", () => {
  test("a route handler consumes a cost, denies a cost above the capacity, and refunds a failed one", async () => {
    const call = newClient();
    const report = await call("/api/reports?pages=8", "");
    expect(await report.json()).toEqual({ report: "8 pages", remaining: 12 });
    expect(report.headers.get("ratelimit")).toMatch(/^"api:ip:minute";r=599/);

    expect((await call("/api/reports?pages=12", "")).status).toBe(200);
    const denied = await call("/api/reports?pages=1", "");
    expect(denied.status).toBe(429);
    // If a rule of the edge matches too, its limit headers replace those of the handler.
    expect(denied.headers.get("ratelimit-policy")).toBe('"api:ip:minute";q=600;w=60');
    expect(Number(denied.headers.get("retry-after"))).toBeGreaterThan(3590);
    expect(await denied.json()).toMatchObject({ "violated-policies": ["reports:ip:hour"] });

    const other = newClient();
    expect((await other("/api/reports?pages=13", "")).status).toBe(503);
    await expect
      .poll(async () => (await other("/api/reports/left")).json(), PATIENT)
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
    expect(await page.getByLabel("Your e-mail address").inputValue()).toBe(email);
    await send("another@example.org");
    await expect.poll(() => said.innerText(), PATIENT).toBe("Sent.");
  });
});

describe("a login", () => {
  const RIGHT = "correct horse";
  const attempt = (call: ReturnType<typeof newClient>, account: string, password: string) =>
    call("/api/login", new URLSearchParams({ account, password }));

  test("a login counts failed attempts for the account, in each spelling and from each address", async () => {
    const call = newClient();
    const wrong = ["eve@example.com", "EVE@example.com", " eve@example.com", "eve@example.com"];
    for (const account of wrong) expect((await attempt(call, account, "guess")).status).toBe(403);
    expect((await attempt(newClient(), "eve@example.com", "guess")).status).toBe(403);
    const denied = await attempt(newClient(), "Eve@example.com", "guess");
    expect(denied.status).toBe(429);
    expect(Number(denied.headers.get("retry-after"))).toBeGreaterThan(880);
    expect(denied.headers.get("ratelimit-policy")).not.toContain('"login:');
    expect(await denied.json()).toEqual({
      type: "https://iana.org/assignments/http-problem-types#quota-exceeded",
      title: "Too many attempts",
      status: 429,
    });
  });

  test("a login counts no success, and failed attempts at any account for the address", async () => {
    const call = newClient();
    for (let sent = 0; sent < 6; sent += 1) {
      expect((await attempt(call, "ada@example.com", RIGHT)).status).toBe(200);
    }
    for (let sent = 0; sent < 20; sent += 1) {
      expect((await attempt(call, `account-${sent}@example.com`, "guess")).status).toBe(403);
    }
    expect((await attempt(call, "ada@example.com", RIGHT)).status).toBe(429);
    expect((await attempt(newClient(), "ada@example.com", RIGHT)).status).toBe(200);
  });

  test("the form of a login shows each result", async () => {
    const { page } = await newPage(true, "/login");
    const signIn = async (password: string) => {
      await page.getByLabel("Account").fill("mallory@example.com");
      await page.getByLabel("Password").fill(password);
      await page.getByRole("button", { name: "Sign in" }).click();
    };
    const said = () => page.locator("output").innerText();
    for (let sent = 0; sent < 5; sent += 1) {
      await signIn(`guess ${sent}`);
      await expect.poll(() => page.getByLabel("Password").inputValue(), PATIENT).toBe("");
      expect(await said()).toBe("The account or the password is wrong.");
    }
    await signIn("guess");
    await expect
      .poll(said, PATIENT)
      .toMatch(/^There were too many attempts. Please try again in (14|15) min\.$/);
  });
});

describe("dedup, idempotency and locks", () => {
  test("a visit counts once, and is processed again after it could not be recorded", async () => {
    const call = newClient();
    const visit = async (body: string) => (await call("/api/visits", body)).json();
    expect(await visit("session 1")).toEqual({ counted: true });
    expect(await visit("session 1")).toEqual({ counted: false });
    expect((await call("/api/visits", "broken")).status).toBe(503);
    expect((await call("/api/visits", "broken")).status).toBe(503);
  });

  test("a view grows its counter once", async () => {
    const call = newClient();
    const view = async (body: object) => (await call("/api/views", JSON.stringify(body))).json();
    expect(await view({ session: "1", artist: "7" })).toEqual({ counted: true });
    expect(await view({ session: "1", artist: "7" })).toEqual({ counted: false });
    expect(await view({ session: "2", artist: "7" })).toEqual({ counted: true });
  });

  test("an order with an Idempotency-Key runs once", async () => {
    const call = newClient();
    const headers = {
      authorization: "Bearer token-of-ada",
      "idempotency-key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
    };
    const first = await call("/api/orders", "one guitar", headers);
    const second = await call("/api/orders", "one guitar", headers);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    expect(await second.json()).toEqual(await first.json());
    expect((await call("/api/orders", "two guitars", headers)).status).toBe(422);
    expect((await call("/api/orders", "one guitar")).status).toBe(400);
  });

  test("one of five concurrent rebuilds runs, and another one afterwards", async () => {
    const call = newClient();
    const rebuild = async () => (await call("/api/rebuild", "")).status;
    const statuses = await Promise.all(Array.from({ length: 5 }, rebuild));
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 409, 409, 409, 409]);
    expect(await rebuild()).toBe(200);
  });

  test("concurrent callers share one result", async () => {
    const call = newClient();
    const rates = async () => (await call("/api/rates")).json();
    const answers: unknown[] = await Promise.all([rates(), rates(), rates()]);
    const shared = (isShared: boolean) => ({ rates: { usd: 1.1 }, isShared });
    expect(answers).toContainEqual(shared(false));
    expect(
      answers.filter((each) => JSON.stringify(each) === JSON.stringify(shared(true))),
    ).toHaveLength(2);
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
