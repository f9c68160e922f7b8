import { deepStrictEqual } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startWorker } from "#app/_programs/worker";
import { ROOT } from "../support/app.ts";
import { complaintsOfPage } from "../support/page-commands/shown.ts";
import type { Case } from "./case.ts";
import { askNewApp, filesOfNewApp, LAYOUT, PROMISED } from "./new-app.ts";
import { createNextApp } from "./next-case.ts";
import { runCommand } from "./run-command.ts";
import { type World, write } from "./world.ts";

/** The versions that build this repository's own Worker. */
export const TOOLS = ["@opennextjs/cloudflare@1.20.13", "wrangler@4.164.0"];

const PAGE = "docs/guides/deploy-cloudflare.md";

/** Returns a file that docs/guides/deploy-cloudflare.md shows. */
function shownFile(name: string): string {
  const page = readFileSync(join(ROOT, PAGE), "utf8");
  const blocks = page.matchAll(/^```\w+\n\/\/ (\S+)\n(.*?)^```$/gms);
  const [, , text] = [...blocks].find(([, shown]) => shown === name) ?? [];
  if (text === undefined) throw new Error(`${PAGE} does not show ${name}.`);
  return text;
}

/** The settings of OpenNext and wrangler. The template's next.config turns on a feature that OpenNext lacks. */
export const CONFIGS = {
  "next.config.ts": "export default {};\n",
  "open-next.config.ts": shownFile("open-next.config.ts"),
  "wrangler.jsonc": shownFile("wrangler.jsonc"),
};

/** The app of docs/start/new-app.md as a Cloudflare Worker, in workerd on this machine. */
export const workerCase: Case = {
  name: "worker",
  what: "Next 16 by OpenNext in workerd, middleware.ts, npm",
  async run(world: World, say) {
    const app = await createNextApp(world.newFolder("worker"), 16, false, say);
    const { "proxy.ts": gate = "", ...files } = filesOfNewApp();
    write(app, { ...files, ...CONFIGS, "middleware.ts": gate, "app/layout.tsx": LAYOUT });
    write(app, { "app/api/hello/route.ts": 'export const GET = () => new Response("hello");\n' });
    say("npm install");
    await runCommand(app, "npm", ["install", "--no-audit", "--no-fund", world.tarball, ...TOOLS]);
    say("opennextjs-cloudflare build");
    const program = join("node_modules", "@opennextjs", "cloudflare", "dist", "cli", "index.js");
    await runCommand(app, "node", [program, "build"]);
    say("wrangler dev");
    const store = await world.store();
    let output = "";
    const worker = await startWorker(app, {
      at: { host: "127.0.0.1", port: 0 },
      variables: { UPSTASH_REDIS_REST_URL: store.url, UPSTASH_REDIS_REST_TOKEN: store.token },
      onOutput: (text) => (output += text),
    });
    try {
      deepStrictEqual(await askNewApp(worker.url, "cf-connecting-ip"), PROMISED, output);
      const shown = { url: worker.url, folder: app, env: {}, address: "192.0.2.1" };
      deepStrictEqual(await complaintsOfPage("tests/package/worker-case.ts", PAGE, shown), []);
    } finally {
      await worker.stop();
    }
    return "429 by the gate and in a handler";
  },
};
