import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { ASSETS_FOLDER, WORKER_FOLDER } from "./build-worker.ts";

/** A Worker that runs on this machine. */
export interface RunningWorker {
  readonly url: string;
  /** What the runtime wrote so far. */
  output(): string;
  stop(): Promise<void>;
}

export interface WorkerOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly host: string;
  /** What the Worker finds in its environment. */
  readonly variables: Readonly<Record<string, string>>;
  /** Hears what the runtime writes. */
  readonly onOutput?: (text: string) => void;
}

/**
 * Runs the built Worker in workerd, the runtime of Cloudflare itself, by Miniflare: as wrangler.jsonc
 * says, on this machine alone, without a call of its own to anywhere.
 */
export async function startWorker(root: string, options: WorkerOptions): Promise<RunningWorker> {
  // Loaded when it is used: it is a tool of the developer's, and large.
  const { Miniflare } = await import("miniflare");
  const folder = join(root, WORKER_FOLDER);
  let output = "";
  const keepSignals = signalsNow();
  const miniflare = new Miniflare({
    modules: [{ type: "ESModule", path: join(folder, "worker.js") }],
    modulesRoot: folder,
    ...compatibility(root),
    assets: {
      directory: join(root, ASSETS_FOLDER),
      binding: "ASSETS",
      routerConfig: { has_user_worker: true },
    },
    bindings: { ...options.variables },
    cf: false,
    host: options.host,
    port: options.port,
    handleRuntimeStdio(...streams: Readable[]) {
      for (const stream of streams) {
        stream.on("data", (chunk: Buffer) => {
          output += chunk.toString();
          options.onOutput?.(chunk.toString());
        });
      }
    },
  });
  const { origin } = await miniflare.ready;
  keepSignals();
  return { url: origin, output: () => output, stop: () => miniflare.dispose() };
}

/**
 * Miniflare ends the process on a signal, at once. Here whoever starts a Worker also stops it; what it
 * does when the process ends stays. Answers what takes its listeners off.
 */
function signalsNow(): () => void {
  const before = SIGNALS.map((signal) => new Set(process.listeners(signal)));
  return () => {
    for (const [i, signal] of SIGNALS.entries()) {
      for (const listener of process.listeners(signal)) {
        if (!before[i]?.has(listener)) process.off(signal, listener);
      }
    }
  };
}

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** The runtime's version of itself, as it is deployed with. */
function compatibility(root: string) {
  const text = readFileSync(join(root, "wrangler.jsonc"), "utf8").replace(/^\s*\/\/.*$/gm, "");
  const { compatibility_date: compatibilityDate, compatibility_flags: compatibilityFlags } =
    JSON.parse(text.replace(/,(?=\s*[}\]])/g, "")) as Record<string, unknown>;
  return {
    compatibilityDate: String(compatibilityDate),
    compatibilityFlags: (compatibilityFlags as unknown[]).map(String),
  };
}
