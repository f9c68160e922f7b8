import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { makeReport } from "#lib/cli/info/report";
import { renderReport } from "#lib/cli/info/render";
import { callCommand } from "./call-command.ts";
import { type Env, runCommand } from "./command.ts";
import { scope } from "./scope.ts";

export type Files = Readonly<Record<string, string>>;

/** The policy of {@link INFO_APP}. */
export const INFO_POLICY = `export default {
  identities: { plan: "from-code" },
  exempt: { "/api/health": "a load balancer asks" },
  rules: {
    api: { match: "/api/:path*", limits: { ip: "5 per minute" }, onStoreFailure: "deny" },
    all: { match: "/all", methods: ["POST"], limits: { global: "9 per hour" }, mode: "shadow" },
    code: { limits: { ip: ["2 per hour", { limit: 300, window: "1 day" }] }, mode: "25%" },
  },
};
`;

/** The files of an app with a gate. */
export const INFO_APP: Files = {
  "package.json": JSON.stringify({
    name: "shop",
    packageManager: "pnpm@10.34.8",
    dependencies: { next: "16.4.6", ioredis: "6.0.0" },
  }),
  "node_modules/next/package.json": '{ "name": "next", "version": "16.4.6" }',
  "src/app/page.tsx": "export default () => null;",
  "src/proxy.ts": 'import { gate } from "@/lib/gate";\nexport default gate.middleware;\n',
  "src/lib/gate.ts":
    'import { createHeadgate } from "headgate";\nexport const gate = createHeadgate({});\n',
  "src/config/rate-limits.ts": INFO_POLICY,
  "vercel.json": "{}",
};

/** Returns functions that write an app and report on it. The app is removed after the test. */
export function infoReports() {
  const cleanUp = scope();
  /** Writes files to a new folder, and returns the folder. */
  function folder(files: Files): string {
    const root = mkdtempSync(join(tmpdir(), "headgate-info-"));
    cleanUp(root, (it) => rmSync(it, { recursive: true }));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return root;
  }

  async function infoOf(files: Files, env: Env = {}, pingsStore = false) {
    const root = folder(files);
    const report = await makeReport({ root, env, policy: undefined, pingsStore });
    return { report, text: renderReport(report) };
  }
  return { folder, infoOf };
}

const inDevelopment = (env: Env): Env => ({ NODE_ENV: "development", ...env });

/** Runs the command in a separate process, as a person does. */
export const runInfo = (cwd: string, env: Env, ...args: readonly string[]) =>
  runCommand(cwd, inDevelopment(env), "info", ...args);

/** Runs the command in this process. */
export const callInfo = (cwd: string, env: Env, ...args: readonly string[]) =>
  callCommand(cwd, inDevelopment(env), "info", ...args);
