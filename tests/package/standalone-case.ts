import { deepStrictEqual } from "node:assert/strict";
import { cpSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { startProgram } from "../support/app.ts";
import type { Case } from "./case.ts";
import { askNewApp, filesOfNewApp, LAYOUT, PROMISED } from "./new-app.ts";
import { createNextApp, install } from "./next-case.ts";
import { runCommand } from "./run-command.ts";
import { type World, write } from "./world.ts";

interface StandaloneApp {
  readonly next: 15 | 16;
  readonly installer: "npm" | "pnpm";
}

const BIN = join("node_modules", "headgate", "bin.mjs");

/**
 * An app with `output: "standalone"` that headgate build builds. The case keeps only the build, and serves it
 * with Node 20 and REDIS_URL.
 */
export function standaloneCase({ next, installer }: StandaloneApp): Case {
  const name = `standalone-${next}`;
  return {
    name,
    what: `Next ${next}, ${installer}, headgate build and start with output: "standalone", Node 20, REDIS_URL`,
    async run(world: World, say) {
      const app = await createNextApp(world.newFolder(name), next, false, say);
      const { "proxy.ts": gate = "", ...files } = filesOfNewApp();
      write(app, { ...files, "middleware.ts": gate, "app/layout.tsx": LAYOUT });
      askForStandalone(app);
      say(`${installer} install`);
      await install(app, installer, world, ["ioredis"]);
      const node20 = await installNode20(world);
      say("headgate build");
      await runCommand(app, "node", [BIN, "build"]);
      const copy = world.newFolder(`${name}-copy`);
      cpSync(join(app, ".next", "standalone"), copy, { recursive: true, verbatimSymlinks: true });
      rmSync(app, { recursive: true });
      say("headgate start");
      await serveCopy(world, folderOfApp(copy), node20);
      return "a copy of .next/standalone serves and denies";
    },
  };
}

async function serveCopy(world: World, folder: string, node: string): Promise<void> {
  const { redis } = await world.store();
  const env = { PORT: "0", REDIS_URL: redis.url, CLIENT_IP_FROM: "hops:1" };
  const running = await startProgram([BIN, "start"], env, folder, node);
  try {
    deepStrictEqual(await askNewApp(running.url), PROMISED);
  } finally {
    await running.stop();
  }
}

/** Adds the documented line to the file of create-next-app. */
function askForStandalone(app: string): void {
  const file = join(app, "next.config.ts");
  const config = readFileSync(file, "utf8").replace(
    "/* config options here */",
    'output: "standalone",\n  outputFileTracingRoot: __dirname,',
  );
  writeFileSync(file, config);
}

function folderOfApp(copy: string): string {
  const [server = ""] = globSync("**/server.js", {
    cwd: copy,
    exclude: (path) => path.includes("node_modules"),
  });
  return join(copy, dirname(server));
}

async function installNode20({ folder }: World): Promise<string> {
  const own = join(folder, "node20");
  write(own, { "package.json": '{ "private": true }\n' });
  await runCommand(own, "npm", ["install", "--no-audit", "--no-fund", "node@20"]);
  return join(own, "node_modules", "node", "bin", "node");
}
