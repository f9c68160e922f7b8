import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { Miniflare } from "miniflare";
import { buildWorkerOnce, WORKER_FOLDER, WORKER_SOURCES } from "#app/_programs/build-worker";
import { runBuild } from "#lib/server/build";
import { buildOnce } from "#app/_programs/build-once";
import { ROOT } from "./app.ts";
import type { Instance, Target } from "./target.ts";

/** The folder of the Worker as wrangler would upload it. */
export const UPLOADED_FOLDER = join(WORKER_FOLDER, "dist");
export const ASSETS_FOLDER = join(WORKER_FOLDER, "assets");

/** The sample app as a Cloudflare Worker, in workerd. */
export const cloudflare: Target = {
  name: "Cloudflare Workers",
  from: (address) => ({ "cf-connecting-ip": address }),
  build,
  start: (store, env) =>
    startWorker({
      UPSTASH_REDIS_REST_URL: store.url,
      UPSTASH_REDIS_REST_TOKEN: store.token,
      METRICS_WINDOW_MS: "500",
      ...env,
    }),
};

/** Builds the Worker, and has wrangler bundle it as it does for an upload, without the network. */
async function build(): Promise<void> {
  await buildWorkerOnce(ROOT, () => {});
  const wrangler = join(ROOT, "node_modules", "wrangler", "bin", "wrangler.js");
  await buildOnce(ROOT, () => {}, {
    sources: WORKER_SOURCES,
    stamp: join(UPLOADED_FOLDER, "headgate-build"),
    saying: "bundling the Worker ...",
    work: () => runBuild(ROOT, [wrangler, "deploy", "--dry-run", "--outdir", UPLOADED_FOLDER]),
  });
}

/** Serves the bundled Worker with the settings of wrangler.jsonc, without network calls. */
export async function startWorker(variables: Readonly<Record<string, string>>): Promise<Instance> {
  const folder = join(ROOT, UPLOADED_FOLDER);
  let output = "";
  const miniflare = new Miniflare({
    modules: [{ type: "ESModule", path: join(folder, "worker.js") }],
    modulesRoot: folder,
    ...compatibility(),
    assets: {
      directory: join(ROOT, ASSETS_FOLDER),
      binding: "ASSETS",
      routerConfig: { has_user_worker: true },
    },
    bindings: { ...variables },
    cf: false,
    handleRuntimeStdio(...streams: Readable[]) {
      for (const stream of streams) {
        stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
      }
    },
  });
  const { origin } = await miniflare.ready;
  return { url: origin, output: () => output, stop: () => miniflare.dispose() };
}

/** The compatibility settings of the deployed Worker. */
function compatibility() {
  const text = readFileSync(join(ROOT, "wrangler.jsonc"), "utf8").replace(/^\s*\/\/.*$/gm, "");
  const { compatibility_date: compatibilityDate, compatibility_flags: compatibilityFlags } =
    JSON.parse(text.replace(/,(?=\s*[}\]])/g, "")) as Record<string, unknown>;
  return {
    compatibilityDate: String(compatibilityDate),
    compatibilityFlags: (compatibilityFlags as unknown[]).map(String),
  };
}
