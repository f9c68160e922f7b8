import { join } from "node:path";
import { Miniflare } from "miniflare";
import { bundle } from "../runtime/bundle.ts";

/** The compared workers without Next, each with the same handler. */
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

export function sourceOf(worker: Worker): string {
  return join(import.meta.dirname, "workers", `${worker}.ts`);
}

/** Bundles a worker for a platform, minified. */
export async function bundleWorker(worker: Worker, platform: "workerd" | "edge"): Promise<string> {
  return (await bundle(platform, sourceOf(worker), true)).code;
}

/** Returns the options of real workerd with a worker on a free port of this machine. */
export function workerdOptions(code: string, { url, token }: Store) {
  return {
    modules: [{ type: "ESModule" as const, path: "worker.mjs", contents: code }],
    compatibilityDate: "2026-07-01",
    bindings: { STORE_URL: url, STORE_TOKEN: token },
    cf: false as const,
    host: "127.0.0.1",
    port: 0,
  };
}

/** Starts real workerd with a worker. */
export async function startWorkerd(code: string, store: Store) {
  const miniflare = new Miniflare(workerdOptions(code, store));
  const address = await miniflare.ready;
  return { url: address.origin, stop: () => miniflare.dispose() };
}
