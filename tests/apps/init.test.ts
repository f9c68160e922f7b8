import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT, startProgram } from "../support/app.ts";
import { startStore } from "../support/gateway.ts";
import { MACHINE } from "../support/machine.ts";
import { configInTree } from "../support/next-config.ts";
import { makeRepository } from "../support/repository.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();
const NEXT = join(ROOT, "node_modules", "next", "dist", "bin", "next");
/** A folder within the tree finds the packages of the tree. */
const APP = join(ROOT, ".headgate", `init-${process.pid}`);

const PAGE = readFileSync(join(ROOT, "docs", "start", "existing-app.md"), "utf8");

/** An app that has no gate, with both routers, and with other files where init would write. */
const FILES: Readonly<Record<string, string>> = {
  "package.json":
    '{ "private": true, "scripts": { "dev": "next dev", "build": "next build" }, "dependencies": { "next": "16" } }',
  // The package is present as source, which only the settings of this repository compile.
  "next.config.mjs": configInTree({ typescript: { ignoreBuildErrors: true } }),
  "tsconfig.json": '{ "compilerOptions": { "jsx": "preserve", "strict": true } }',
  // This configuration makes the middleware run at the edge.
  "open-next.config.ts": "export default {};",
  "config/site.ts": "export const site = 'A shop';",
  "gate.ts": "export const gate = 'the gate of an airport';",
  ".env.example": "DATABASE_URL=\n",
  "app/layout.jsx":
    "export default ({ children }) => <html lang='en'><body>{children}</body></html>;",
  "app/(shop)/page.jsx": `
    async function buy() { "use server"; }
    export default () => <form action={buy}><button>Buy</button></form>;
  `,
  "app/(shop)/[lang]/about/page.jsx": "export default () => <h1>About</h1>;",
  "app/api/login/route.ts": "export const POST = () => Response.json({ served: true });",
  "app/api/health/route.ts": "export const GET = () => Response.json({ ok: true });",
  "app/api/webhooks/stripe/route.ts": "export const POST = () => new Response();",
  "app/feed/[...path]/route.ts": "export const GET = () => new Response('feed');",
  "app/p/[id]/opengraph-image.jsx":
    "export default async () => new Response('image', { headers: { 'content-type': 'image/png' } });",
  "app/p/[id]/page.jsx": "export default () => <h1>Product</h1>;",
  "pages/api/old/[[...path]].js": "export default (_, answer) => answer.json({ served: true });",
};

const ENV = { ...MACHINE, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" } as const;

/** Runs a command of the page as in a terminal, and types Enter when the command asks. */
function run(command: string) {
  const program = `'${process.execPath}' '${join(ROOT, "lib", "cli", "headgate.ts")}'`;
  const here = command
    .replace("npx headgate", program)
    .replace("npm run build", `'${process.execPath}' '${NEXT}' build`);
  const { status, stdout } = spawnSync("script", ["-qec", here, "/dev/null"], {
    cwd: APP,
    env: { ...ENV, NO_COLOR: "1" },
    input: "\n",
    encoding: "utf8",
  });
  return { status, output: stdout.replaceAll("\r\n", "\n") };
}

let shown: ReturnType<typeof run>;
let written: ReturnType<typeof run>;

beforeAll(() => {
  makeRepository(APP);
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(APP, path)), { recursive: true });
    writeFileSync(join(APP, path), text);
  }
  shown = run("npx headgate init --dry-run");
  written = run("npx headgate init");
});
afterAll(() => rmSync(APP, { recursive: true, force: true }));

const textOf = (path: string) => readFileSync(join(APP, path), "utf8");

/** The code blocks of the page in a language. */
const blocksIn = (language: string) =>
  [...PAGE.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter(([, its]) => its === language)
    .map(([, , text = ""]) => text);

describe("docs/start/existing-app.md, on an app with other files there", () => {
  test("docs/start/existing-app.md names the commands of this test, and shows what init writes", () => {
    const [, trial] = /^ +(curl .*)$/m.exec(written.output) ?? [];
    expect(blocksIn("sh").flatMap((text) => text.trim().split("\n"))).toEqual([
      "npx headgate init --dry-run",
      "npx headgate init",
      "npm run dev",
      trial,
      "npx headgate check",
      "npm run build",
      "npx headgate audit",
    ]);
    expect(blocksIn("diff")).toHaveLength(2);
    for (const text of blocksIn("diff")) {
      expect(textOf("config/rate-limits.ts")).toContain(text.replaceAll(/^\+/gm, ""));
    }
  });

  test("init shows every change, asks once, writes it, and then finds nothing to do", () => {
    const paths = ["config/rate-limits.ts", "request-gate.ts", "middleware.ts", ".env.example"];
    expect(shown.output.match(/^\+\+\+ b\/.*$/gm)).toEqual(paths.map((path) => `+++ b/${path}`));
    expect(shown.output).not.toContain("wrote");
    expect(written.output.match(/Write these 4 files\? \[Y\/n\]/g)).toHaveLength(1);
    expect(written.output.match(/^wrote .*$/gm)).toEqual(paths.map((path) => `wrote    ${path}`));
    expect([shown.status, written.status]).toEqual([0, 0]);
    for (const path of ["gate.ts", "config/site.ts"]) expect(textOf(path)).toBe(FILES[path]);
    expect(textOf(".env.example")).toMatch(/^DATABASE_URL=\n\n# /);
    expect(run("npx headgate init").output).toMatch(/\nnothing to do\n$/);
  });

  test("headgate check and audit pass after init, and in production the rules deny no request at the edge", async () => {
    expect(run("npx headgate check")).toMatchObject({ status: 0 });
    expect(run("npm run build")).toMatchObject({ status: 0 });
    const audit = run("npx headgate audit");
    expect(audit.output).toContain("0 failures");
    expect(audit.status).toBe(0);

    const store = cleanUp(await startStore(), (it) => it.stop());
    const env = {
      UPSTASH_REDIS_REST_URL: store.url,
      UPSTASH_REDIS_REST_TOKEN: store.token,
      CLIENT_IP_FROM: "hops:1",
    };
    const args = [NEXT, "start", "-p", "0", "-H", "localhost"];
    const app = cleanUp(await startProgram(args, env, APP), (it) => it.stop());
    const request = { method: "POST", headers: { "x-forwarded-for": "203.0.113.9" } };
    const statuses = new Set<number>();
    for (let sent = 0; sent < 12; sent += 1) {
      statuses.add((await fetch(`${app.url}/api/login`, request)).status);
    }
    expect([...statuses]).toEqual([200]);
    await expect.poll(() => app.output()).toMatch(/"event":"shadow-denied","rules":\["sign-in"\]/);
  });

  test("the last request of the printed command is denied in development, as the page shows", async () => {
    const args = [NEXT, "dev", "-p", "0", "-H", "localhost"];
    const env = { NODE_ENV: "development" };
    const app = cleanUp(await startProgram(args, env, APP), (it) => it.stop());
    const [, command = ""] = /^ +(curl .*)$/m.exec(written.output) ?? [];
    const here = command.replace("http://localhost:3000", app.url);
    const counted = execFileSync("sh", ["-c", here], { encoding: "utf8" });
    const [promised = ""] = blocksIn("txt");
    const lines = (text: string) => text.trim().split(/\s*\n\s*/);
    expect(lines(counted)).toEqual(lines(promised));
  });
});
