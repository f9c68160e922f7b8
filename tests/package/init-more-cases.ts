import { deepStrictEqual, match } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startWorker } from "#app/_programs/worker";
import type { Case } from "./case.ts";
import { ROUTES } from "./init-case.ts";
import { LAYOUT } from "./new-app.ts";
import { createNextApp } from "./next-case.ts";
import { startRegistry } from "./own-registry.ts";
import { runCommand } from "./run-command.ts";
import { CONFIGS, TOOLS } from "./worker-case.ts";
import { type World, write } from "./world.ts";

/** How long a Worker may take to log a denial, in milliseconds. */
const LONGEST_MS = 120_000;

/** In workerd no file sets NODE_ENV, because the build has written its value into the policy. */
export const initWorkerCase: Case = {
  name: "init-worker",
  what: "headgate init, Next 16 by OpenNext in workerd: rules in shadow",
  async run(world: World, say) {
    const app = await createNextApp(world.newFolder("init-worker"), 16, false, say);
    write(app, { ...ROUTES, ...CONFIGS, "app/layout.tsx": LAYOUT });
    say("npm install");
    await runCommand(app, "npm", ["install", "--no-audit", "--no-fund", world.tarball, ...TOOLS]);
    const bin = join("node_modules", "headgate", "bin.mjs");
    match(await runCommand(app, "node", [bin, "init", "--yes"]), /^wrote +middleware\.ts$/m);
    const logged = /"event":"shadow-denied","rules":\["sign-in"\]/;
    deepStrictEqual(await signIns(app, world, say, logged), ["200"]);
    const policy = readFileSync(join(app, "config/rate-limits.ts"), "utf8");
    write(app, { ["config/rate-limits.ts"]: policy.replace(/^ *mode: .*\n/m, "") });
    deepStrictEqual(await signIns(app, world, say, /"event":"denied"/), ["200", "429"]);
    return "shadow in workerd; without the line, 429";
  },
};

/**
 * Builds the Worker, and sends it twenty sign-ins of one client. Resolves to their distinct statuses when
 * the log has the line.
 */
async function signIns(app: string, world: World, say: (line: string) => void, logged: RegExp) {
  say("opennextjs-cloudflare build");
  const program = join("node_modules", "@opennextjs", "cloudflare", "dist", "cli", "index.js");
  await runCommand(app, "node", [program, "build"]);
  say("wrangler dev");
  const store = await world.store();
  let output = "";
  let tell: (text: string) => void = () => {};
  const isLogged = new Promise<void>((resolve, reject) => {
    tell = (text) => {
      output += text;
      if (logged.test(output)) resolve();
    };
    setTimeout(
      () => reject(new Error(`${logged} is not in the log:\n${output}`)),
      LONGEST_MS,
    ).unref();
  });
  const running = await startWorker(app, {
    at: { host: "127.0.0.1", port: 0 },
    variables: { UPSTASH_REDIS_REST_URL: store.url, UPSTASH_REDIS_REST_TOKEN: store.token },
    onOutput: (text) => tell(text),
  });
  try {
    const statuses = new Set<string>();
    const headers = { "cf-connecting-ip": "198.51.100.77" };
    for (let sent = 0; sent < 20; sent += 1) {
      const answer = await fetch(`${running.url}/api/login`, { method: "POST", headers });
      statuses.add(String(answer.status));
    }
    await isLogged;
    return [...statuses];
  } finally {
    await running.stop();
  }
}

/** The command of a person who has not installed Headgate. */
export const initNpxCase: Case = {
  name: "init-npx",
  what: "npx headgate init from a registry, Next 16, which installs Headgate",
  async run(world: World, say) {
    const app = await createNextApp(world.newFolder("init-npx"), 16, false, say);
    write(app, { ...ROUTES, "app/layout.tsx": LAYOUT });
    const registry = await startRegistry(world);
    const env = { npm_config_registry: registry.url, npm_config_cache: join(app, "..", "cache") };
    try {
      say("npx headgate init");
      const done = await runCommand(app, "npx", ["--yes", "headgate", "init", "--yes"], env);
      match(done, /^wrote +proxy\.ts$/m);
      const manifest = readFileSync(join(app, "package.json"), "utf8");
      match(manifest, /"headgate": "\^0\.1\.0"/);
      const again = await runCommand(app, "npx", ["headgate", "init", "--yes"], env);
      match(again, /\nnothing to do\n/);
    } finally {
      await registry.stop();
    }
    say("next build");
    await runCommand(app, "node", [join("node_modules", "next", "dist", "bin", "next"), "build"]);
    match(await runCommand(app, "npx", ["headgate", "audit"]), / 0 failures/);
    return "installed by npm; the audit passes";
  },
};
