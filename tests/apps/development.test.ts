// The statements of docs/start/development.md, tested in the app of docs/start/new-app.md.
import { execFile } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeEach, expect, test } from "vitest";
import type { ControlChange } from "#lib/control/types";
import { filesOfNewApp, LAYOUT } from "../package/new-app.ts";
import { write } from "../package/world.ts";
import { ROOT, type RunningApp, startProgram } from "../support/app.ts";
import { callCommand } from "../support/call-command.ts";
import { runCommand } from "../support/command.ts";
import { configInTree } from "../support/next-config.ts";
import { startRedis } from "../support/redis.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();
const PAGE = readFileSync(join(ROOT, "docs", "start", "development.md"), "utf8");
const POLICY = "config/rate-limits.ts";
/** A folder within the tree finds the packages of the tree. */
const APP = join(ROOT, ".headgate", `development-${process.pid}`);

const COMMANDS = {
  "next dev": [join(ROOT, "node_modules/next/dist/bin/next"), "dev", "-p", "0", "-H", "localhost"],
  "headgate dev": [join(ROOT, "lib/cli/headgate.ts"), "dev"],
} as const;

const { "proxy.ts": gate = "", ...files } = filesOfNewApp();

beforeEach(() => {
  cleanUp(APP, (it) => rmSync(it, { recursive: true, force: true }));
  write(APP, {
    ...files,
    "package.json": '{ "name": "fresh", "private": true, "type": "module" }\n',
    "next.config.mjs": configInTree(),
    "app/layout.tsx": LAYOUT,
    "app/page.tsx": "export default () => <h1>Hello</h1>;\n",
    // Without this file, the bundler uses the one of a folder above.
    "instrumentation.ts": "export function register() {}\n",
  });
});

/** Starts the app with the gate in a file. */
async function start(
  command: keyof typeof COMMANDS,
  gateFile: "proxy.ts" | "middleware.ts",
  env: Readonly<Record<string, string>> = {},
): Promise<RunningApp> {
  write(APP, { [gateFile]: gate });
  const given = { PORT: "0", NODE_ENV: "development", ...env };
  return cleanUp(await startProgram(COMMANDS[command], given, APP), (it) => it.stop());
}

/** Sends a request for each claimed address, and resolves to the statuses. */
async function send(app: RunningApp, ...from: readonly string[]): Promise<number[]> {
  const statuses: number[] = [];
  for (const address of from) {
    const headers = { "x-forwarded-for": address };
    statuses.push((await fetch(`${app.url}/api/reports`, { method: "POST", headers })).status);
  }
  return statuses;
}

const A = "203.0.113.1";
const B = "203.0.113.2";
const C = "203.0.113.3";

function policyWith(limit: string): string {
  return (files[POLICY] ?? "")
    .replace("2 per hour", limit)
    .replace("5 per minute", "50 per minute");
}

/** How often a policy is written, in milliseconds, until Next compiles it: its watcher can miss a write. */
const WRITE_AGAIN_MS = 5000;

/** Saves a policy with another limit, and waits until Next has compiled it. */
async function save(app: RunningApp, limit: string): Promise<void> {
  const before = app.output().length;
  let latest = -Infinity;
  const outputOfSave = () => {
    if (performance.now() - latest > WRITE_AGAIN_MS) {
      write(APP, { [POLICY]: policyWith(limit) });
      latest = performance.now();
    }
    return app.output().slice(before);
  };
  // A page that Next compiles at a request has its path in the line.
  await expect.poll(outputOfSave, { timeout: 120_000 }).toContain("✓ Compiled in");
}

/** Returns the code block of the page that begins with a text. */
function block(begin: string): string {
  const found = PAGE.split(/^```\w*\n/m).find((text) => text.startsWith(begin));
  return (found ?? "There is no such block.").trim();
}

test("next dev counts in the process, with one client for all requests, and anew for each saved policy", async () => {
  const app = await start("next dev", "middleware.ts");
  expect(await send(app, A, A, B)).toEqual([200, 200, 429]);
  expect(app.output()).toContain(block('⚠ The "middleware"'));
  // The edge runtime prints one line, and Node prints the other.
  const lines = () => app.output().split(block("headgate: no store")).slice(1);
  expect(lines()).toHaveLength(2);
  const fields = /^\{"source.*?"retryAfterMs":/m.exec(PAGE)?.[0] ?? "no line";
  await expect.poll(() => app.output()).toContain(fields);

  await save(app, "4 per hour");
  expect(await send(app, A, A, A, A, B)).toEqual([200, 200, 200, 200, 429]);
  await save(app, "4 per fortnight");
  expect(await send(app, A)).toEqual([500]);
  await save(app, "1 per hour");
  expect(await send(app, A, A)).toEqual([200, 429]);
  expect(lines().length).toBeGreaterThan(2);
});

test("headgate dev keeps the counts when a policy or an .env file is saved, and another namespace starts at zero", async () => {
  const redis = cleanUp(await startRedis(), (it) => it.stop());
  const [, CLIENT_IP_FROM = ""] = /^CLIENT_IP_FROM=(\S+) npx headgate dev$/m.exec(PAGE) ?? [];
  const env = { REDIS_URL: redis.url, CLIENT_IP_FROM };
  const app = await start("headgate dev", "proxy.ts", env);
  expect(await send(app, A, A, A, B)).toEqual([200, 200, 429, 200]);
  // The secret is derived from the address of Redis, so entries about one client would not last.
  expect(await runCommand(APP, {}, "block", "--ip", B, ...TERMS)).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^CONTROL_NEEDS_SECRET: /) as string,
  });
  await save(app, "4 per hour");
  expect(await send(app, A, A, A, B)).toEqual([200, 200, 429, 200]);
  // Next reads changed .env files again, and removes variables that it does not know from the start.
  write(APP, { ".env.local": "GREETING=hello\n" });
  await expect.poll(() => app.output()).toContain("Reload env: .env.local");
  expect(await send(app, C, A)).toEqual([200, 429]);
  await app.stop();

  write(APP, { [POLICY]: /```ts\n\/\/ config\/rate-limits\.ts\n(.*?)```/s.exec(PAGE)?.[1] ?? "" });
  const [, HEADGATE_NAMESPACE = ""] =
    /`HEADGATE_NAMESPACE=(\S+) npx headgate dev`/.exec(PAGE) ?? [];
  await showGlobal(await start("headgate dev", "proxy.ts", { ...env, HEADGATE_NAMESPACE }));
});

test("headgate inspect, reset, block and mode find the store and the secret of a running headgate dev", async () => {
  write(APP, { "gate.ts": FOLLOWING });
  const env = { HEADGATE_STORE: "embedded", CLIENT_IP_FROM: "hops:1" };
  const app = await start("headgate dev", "proxy.ts", env);
  expect(await send(app, A, A, A)).toEqual([200, 200, 429]);
  const limit = /reports:ip:hour {2}(\d) used of 2/;
  expect(limit.exec(await headgate("inspect", "--ip", A))?.[1]).toBe("2");
  const [, key = ""] = /"clients":\["([\w-]{22})"\]/.exec(app.output()) ?? [];
  expect(await headgate("inspect", `--key=${key}`)).toContain("reports: denied by reports:ip:hour");
  expect(await headgate("reset", `--key=${key}`, "--yes")).toMatch(/^freed {4}reports:ip:hour /m);
  expect(limit.exec(await headgate("inspect", "--ip", A))?.[1]).toBe("0");

  const statusOf = (ip: string) => expect.poll(async () => (await send(app, ip))[0], PATIENT);
  await statusOf(A).toBe(200);
  const set = await headgate("block", "--ip", B, ...TERMS);
  expect(set).toContain("the gate of proxy.ts follows what is set");
  await statusOf(B).toBe(403);
  expect(await headgate("inspect", "--ip", B)).toContain("blocked  by client:");
  await headgate("block", "remove", "--ip", B, "--by", "ada", "--yes");

  await statusOf(A).toBe(429);
  await headgate("mode", "shadow", ...TERMS);
  await statusOf(A).toBe(200);
  await headgate("mode", "remove", "--yes");
  await statusOf(A).toBe(429);
  const log = JSON.parse(await headgate("control", "log", "--json")) as readonly ControlChange[];
  expect(log.map(({ action }) => action)).toEqual(["remove", "set", "remove", "set", "reset"]);
});

const TERMS = ["--for", "10m", "--reason", "a flood", "--by", "ada", "--yes"];

/** A gate that follows control entries while it runs. */
const FOLLOWING = `import { createHeadgate, fromEnv } from "headgate";
import { live } from "headgate/live";
import policy from "./config/rate-limits";

export const gate = createHeadgate(policy, () => ({ ...fromEnv(), live }));
`;

/** An instance reads the control entries at most once in two seconds. */
const PATIENT = { timeout: 30_000, interval: 500 };

/** Runs a command in the folder of the app without the app's variables, and resolves to its output. */
async function headgate(...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await callCommand(APP, {}, ...args);
  expect([status, stderr]).toEqual([0, ""]);
  return stdout;
}

/** Runs the command at the end of the page. */
async function showGlobal(app: RunningApp): Promise<void> {
  const [, command = "", printed = ""] = /^(for .*)\n```\n\n```txt\n(.*)$/m.exec(PAGE) ?? [];
  const sent = command.replace("localhost:3000", app.url);
  const { stdout } = await promisify(execFile)("bash", ["-c", sent]);
  expect(stdout.trim()).toBe(printed);
  const [, limits = "no limits"] = /terminal does: `(.*)`/.exec(PAGE) ?? [];
  await expect.poll(() => app.output()).toContain(limits);
  const denied = await fetch(`${app.url}/api/reports`, { method: "POST" });
  expect([denied.status, await denied.text()]).toEqual([
    429,
    expect.not.stringContaining("global"),
  ]);
}

test("headgate dev rejects an invalid policy before it starts, and prints the place of the mistake", async () => {
  write(APP, { [POLICY]: policyWith("2 per fortnight") });
  await expect(start("headgate dev", "proxy.ts")).rejects.toThrow(
    /config\/rate-limits\.ts:\d+:\d+ {2}BAD_WINDOW/,
  );
});
