import { devNull } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { HeadgateError } from "headgate";
import { type ListenAddress, type Guarded, startGuarded, temporaryFolder } from "headgate/server";

/** A Worker that wrangler runs on this machine. */
export interface RunningWorker {
  readonly url: string;
  stop(): Promise<void>;
}

export interface WorkerOptions {
  /** The address to listen at; port 0 chooses a free port. */
  readonly at: ListenAddress;
  /** The Worker's environment. */
  readonly variables: Readonly<Record<string, string>>;
  /** Called with the output of wrangler and the Worker, once the Worker is ready. */
  readonly onOutput: (text: string) => void;
}

/**
 * With these variables wrangler sends no metrics, does not look up this machine's location, and prints
 * no banner.
 */
const QUIET = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_WRITE_LOGS: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
} as const;

/**
 * Lets wrangler pass its environment to the Worker, so that no file with secrets outlives a killed
 * process. wrangler does so only when it is given an environment file, so it gets an empty one.
 */
const BY_ENVIRONMENT = { CLOUDFLARE_INCLUDE_PROCESS_ENV: "true" } as const;

/**
 * Runs the built Worker by `wrangler dev`, in Cloudflare's runtime. Both processes end with this one,
 * however it ends. wrangler's home is a temporary folder, so that it finds no login and leaves no file.
 *
 * @throws {HeadgateError} WORKER_FAILED, with what wrangler printed
 */
export async function startWorker(root: string, options: WorkerOptions): Promise<RunningWorker> {
  const { at, variables, onOutput } = options;
  const folder = temporaryFolder();
  const wrangler = join(root, "node_modules", "wrangler", "bin", "wrangler.js");
  const listening = ["--ip", at.host, "--port", String(at.port)];
  const worker = startGuarded(
    process.execPath,
    [wrangler, "dev", "--local", ...listening, "--env-file", devNull],
    {
      folder,
      cwd: root,
      env: { ...variables, ...QUIET, ...BY_ENVIRONMENT, HOME: folder, NODE_ENV: "production" },
    },
  );
  const url = await ready(worker);
  for (const stream of worker.output) {
    stream.on("data", (chunk: Buffer) => onOutput(chunk.toString()));
  }
  return { url, stop: () => worker.stop() };
}

/** Waits for the address, which wrangler prints once the Worker accepts requests. */
async function ready(worker: Guarded): Promise<string> {
  let output = "";
  const url = await Promise.race([
    new Promise<string>((resolve) => {
      for (const stream of worker.output) {
        stream.on("data", (chunk: Buffer) => {
          output += stripVTControlCharacters(chunk.toString());
          const [, address] = /Ready on (http:\S+)/.exec(output) ?? [];
          if (address !== undefined) resolve(address);
        });
      }
    }),
    worker.ended.then(() => undefined),
  ]);
  if (url !== undefined) return url;
  const [, why = output] = /\[ERROR\] (.*)/s.exec(output) ?? [];
  throw new HeadgateError("WORKER_FAILED", `The Worker cannot be served:\n${why.trim()}`);
}
