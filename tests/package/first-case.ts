import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Case } from "./case.ts";
import { filesOfNewApp, LAYOUT } from "./new-app.ts";
import { createNextApp } from "./next-case.ts";
import { cleanEnvironment, runCommand } from "./run-command.ts";
import { type World, write } from "./world.ts";

/** The steps of docs/start/new-app.md, and the time until the first 429. */
export const firstCase: Case = {
  name: "first-429",
  what: "create-next-app, npm install headgate wasmoon, npx headgate dev",
  async run(world: World, say) {
    const app = await createNextApp(world.newFolder("first-429"), 16, false, say);
    say("npm install");
    const began = performance.now();
    await runCommand(app, "npm", ["install", "--no-audit", "--no-fund", world.tarball, "wasmoon"]);
    const installed = performance.now();
    const files = filesOfNewApp();
    write(app, { ...files, "app/layout.tsx": LAYOUT });
    say("headgate dev");
    const started = performance.now();
    const denied = await firstDenial(app, "dev");
    const lines = Object.values(files).join("").trimEnd().split("\n").filter(Boolean).length;
    const seconds = (from: number, to: number) => ((to - from) / 1000).toFixed(1);
    return `${lines} lines; installed in ${seconds(began, installed)} s; ${seconds(started, denied)} s from headgate dev to the first 429`;
  },
};

/** Our server in production, which builds the app first. */
export const startCase: Case = {
  name: "headgate-start",
  what: "Next 15, pnpm, npx headgate start with the embedded store",
  async run(world: World, say) {
    const app = await createNextApp(world.newFolder("headgate-start"), 15, false, say);
    const { "proxy.ts": gate = "", ...files } = filesOfNewApp();
    write(app, { ...files, "middleware.ts": gate, "app/layout.tsx": LAYOUT });
    say("pnpm install");
    await runCommand(app, "node", [...(await world.pnpm()), "add", world.tarball, "wasmoon"]);
    say("headgate start");
    await firstDenial(app, "start");
    return "builds, serves, and denies";
  },
};

/** Starts the app by a headgate command, and resolves to the time of the first denial. */
async function firstDenial(app: string, command: "dev" | "start"): Promise<number> {
  const env = { ...cleanEnvironment(), PORT: "0" };
  const bin = join("node_modules", "headgate", "bin.mjs");
  const server = spawn("node", [bin, command], {
    cwd: app,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  try {
    let output = "";
    const url = await new Promise<string>((resolve, reject) => {
      const read = (chunk: Buffer) => {
        output += chunk.toString();
        const ready = /ready\s+(http:\S+)/.exec(output)?.[1];
        if (ready !== undefined) resolve(ready);
      };
      server.stdout.on("data", read);
      server.stderr.on("data", read);
      server.once("exit", () => reject(new Error(output)));
    });
    for (let sent = 0; sent < 6; sent += 1) {
      const { status } = await fetch(`${url}/api/reports`, { method: "POST" });
      if (status === 429) return performance.now();
      if (status !== 200) throw new Error(`a request was answered ${status}:\n${output}`);
    }
    throw new Error("No request was denied.");
  } finally {
    if (server.exitCode === null) {
      server.kill("SIGTERM");
      await once(server, "exit");
    }
  }
}
