// Run by app/_programs/worker.ts, in a process that is killed with all that Miniflare started. It prints the
// Worker's address on standard output, and what the runtime writes on standard error.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { Miniflare } from "miniflare";
import { ASSETS_FOLDER, WORKER_FOLDER } from "./build-worker.ts";
import { type WorkerRun, WORKER_RUN } from "./worker.ts";

const { root, host, port, variables } = JSON.parse(process.env[WORKER_RUN] ?? "") as WorkerRun;
// Neither the runtime nor the Worker needs it.
delete process.env[WORKER_RUN];

try {
  console.log(await serve());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

/** Serves the Worker as wrangler.jsonc says, on this machine alone, without a call to any other. */
async function serve(): Promise<string> {
  const folder = join(root, WORKER_FOLDER);
  const miniflare = new Miniflare({
    modules: [{ type: "ESModule", path: join(folder, "worker.js") }],
    modulesRoot: folder,
    ...compatibility(),
    assets: {
      directory: join(root, ASSETS_FOLDER),
      binding: "ASSETS",
      routerConfig: { has_user_worker: true },
    },
    bindings: { ...variables },
    cf: false,
    host,
    port,
    handleRuntimeStdio(...streams: Readable[]) {
      for (const stream of streams)
        stream.on("data", (chunk: Buffer) => process.stderr.write(chunk));
    },
  });
  const { origin } = await miniflare.ready;
  return origin;
}

/** The runtime's version of itself, as it is deployed with. */
function compatibility() {
  const text = readFileSync(join(root, "wrangler.jsonc"), "utf8").replace(/^\s*\/\/.*$/gm, "");
  const { compatibility_date: compatibilityDate, compatibility_flags: compatibilityFlags } =
    JSON.parse(text.replace(/,(?=\s*[}\]])/g, "")) as Record<string, unknown>;
  return {
    compatibilityDate: String(compatibilityDate),
    compatibilityFlags: (compatibilityFlags as unknown[]).map(String),
  };
}
