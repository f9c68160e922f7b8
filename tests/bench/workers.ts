import { join } from "node:path";
import { Miniflare } from "miniflare";
import { bundle } from "../runtime/bundle.ts";

/** What is compared where no Next is: the same handler behind each. */
export const WORKERS = {
  nothing: "a worker that does nothing",
  headgate: "Headgate, one rule",
  upstash: "@upstash/ratelimit example",
} as const;
export type Worker = keyof typeof WORKERS;
export const EVERY_WORKER = Object.keys(WORKERS) as Worker[];

export interface Store {
  readonly url: string;
  readonly token: string;
}

/** Bundles one for a platform, minified. */
export async function bundleWorker(worker: Worker, platform: "workerd" | "edge"): Promise<string> {
  const input = join(import.meta.dirname, "workers", `${worker}.ts`);
  return (await bundle(platform, input, true)).code;
}

/** Starts real workerd with a worker, on a free port of this machine. */
export async function startWorkerd(code: string, { url, token }: Store) {
  const miniflare = new Miniflare({
    modules: [{ type: "ESModule", path: "worker.mjs", contents: code }],
    compatibilityDate: "2026-07-01",
    bindings: { STORE_URL: url, STORE_TOKEN: token },
    cf: false,
    host: "127.0.0.1",
    port: 0,
  });
  const address = await miniflare.ready;
  return { url: address.origin, stop: () => miniflare.dispose() };
}
