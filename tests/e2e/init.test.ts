import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT, startProgram } from "../support/app.ts";
import { startStore } from "../support/gateway.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();
const NEXT = join(ROOT, "node_modules", "next", "dist", "bin", "next");
/** Within the tree, so that its packages are found. */
const APP = join(ROOT, ".headgate", `init-${process.pid}`);

/** An app that has no gate, in JavaScript, with both routers, and with a config folder of its own. */
const FILES: Readonly<Record<string, string>> = {
  "package.json":
    '{ "private": true, "scripts": { "dev": "next dev" }, "dependencies": { "next": "16" } }',
  "next.config.mjs": `export default { turbopack: { root: ${JSON.stringify(ROOT)} } };`,
  // So the middleware must run at the edge.
  "open-next.config.ts": "export default {};",
  "config/site.js": "export const site = 'A shop';",
  "gate.js": "export const gate = 'the gate of an airport';",
  ".env.example": "DATABASE_URL=\n",
  "src/readme.md": "No code.",
  "app/layout.jsx":
    "export default ({ children }) => <html lang='en'><body>{children}</body></html>;",
  "app/(shop)/page.jsx": `
    async function buy() { "use server"; }
    export default () => <form action={buy}><button>Buy</button></form>;
  `,
  "app/(shop)/[lang]/sign-in/page.jsx": "export default () => <h1>Sign in</h1>;",
  "app/api/login/route.js": "export const POST = () => Response.json({ served: true });",
  "app/api/health/route.js": "export const GET = () => Response.json({ ok: true });",
  "app/api/webhooks/stripe/route.js": "export const POST = () => new Response();",
  "app/feed/[...path]/route.js": "export const GET = () => new Response('feed');",
  "app/p/[id]/opengraph-image.jsx":
    "export default async () => new Response('image', { headers: { 'content-type': 'image/png' } });",
  "app/p/[id]/page.jsx": "export default () => <h1>Product</h1>;",
  "pages/api/old/[[...path]].js": "export default (_, answer) => answer.json({ served: true });",
};

const headgate = (...args: readonly string[]) => {
  const program = join(ROOT, "lib", "cli", "headgate.ts");
  const { PATH = "", HOME = "" } = process.env;
  const env = { PATH, HOME, NODE_ENV: "production" as const, NEXT_TELEMETRY_DISABLED: "1" };
  const ran = spawnSync(process.execPath, [program, ...args], { cwd: APP, env, encoding: "utf8" });
  return { status: ran.status, output: ran.stdout + ran.stderr };
};

let init: ReturnType<typeof headgate>;

beforeAll(() => {
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(APP, path)), { recursive: true });
    writeFileSync(join(APP, path), text);
  }
  init = headgate("init", "--yes");
});
afterAll(() => rmSync(APP, { recursive: true, force: true }));

/** The statuses of requests, each as often as it was answered. */
async function statuses(times: number, url: string, init: RequestInit): Promise<string[]> {
  const found = new Set<string>();
  for (let i = 0; i < times; i += 1) found.add(String((await fetch(url, init)).status));
  return [...found];
}

describe("an app after headgate init", () => {
  test("has new files, and its own are as they were", () => {
    expect(init.status).toBe(0);
    expect(init.output.match(/^wrote .*$/gm)).toEqual([
      "wrote    config/rate-limits.js",
      "wrote    request-gate.js",
      "wrote    middleware.js",
      "wrote    .env.example",
    ]);
    expect(readFileSync(join(APP, "gate.js"), "utf8")).toBe(FILES["gate.js"]);
    expect(readFileSync(join(APP, ".env.example"), "utf8")).toMatch(/^DATABASE_URL=\n\n# /);
    expect(headgate("init", "--yes")).toEqual({
      status: 0,
      output: expect.stringMatching(/\nnothing to do\n$/) as string,
    });
  });

  test("passes check and audit, and in production its rules deny no request at the edge", async () => {
    execFileSync(process.execPath, [NEXT, "build"], {
      cwd: APP,
      env: { ...process.env, NODE_ENV: "production" },
      stdio: "pipe",
    });
    const check = headgate("check", "config/rate-limits.js");
    expect(check).toEqual({ status: 0, output: expect.stringContaining("rules") as string });
    const audit = headgate("audit", "config/rate-limits.js");
    expect(audit.output).toContain("0 failures");
    expect(audit.status).toBe(0);

    const store = cleanUp(await startStore(), (it) => it.stop());
    const env = {
      NODE_ENV: "production",
      UPSTASH_REDIS_REST_URL: store.url,
      UPSTASH_REDIS_REST_TOKEN: store.token,
      CLIENT_IP_FROM: "hops:1",
    };
    const args = [NEXT, "start", "-p", "0", "-H", "localhost"];
    const app = cleanUp(await startProgram(args, env, APP), (it) => it.stop());
    const request = { method: "POST", headers: { "x-forwarded-for": "203.0.113.9" } };
    expect(await statuses(12, `${app.url}/api/login`, request)).toEqual(["200"]);
    await expect.poll(() => app.output()).toMatch(/"event":"shadow-denied","rules":\["sign-in"\]/);
  });

  test("denies in development what the printed command sends", async () => {
    const args = [NEXT, "dev", "-p", "0", "-H", "localhost"];
    const app = cleanUp(await startProgram(args, { NODE_ENV: "development" }, APP), (it) =>
      it.stop(),
    );
    const [, command = ""] = /send 11 requests:\n {2}(curl .*)\n/.exec(init.output) ?? [];
    expect(command).toContain("http://localhost:3000/api/login");
    const here = command.replace("http://localhost:3000", app.url);
    const counted = execFileSync("sh", ["-c", here], { encoding: "utf8" });
    expect(counted.trim().split(/\n\s*/)).toEqual(["10 200", "1 429"]);
  });
});
