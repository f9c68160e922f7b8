import { join } from "node:path";
import { HeadgateError } from "#lib/core/errors";
import { startGuarded } from "#lib/server/guarded";

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
  /** Called with what the runtime writes. */
  readonly onOutput?: (text: string) => void;
}

/** What app/_programs/run-worker.ts is given, as JSON, in the variable {@link WORKER_RUN}. */
export interface WorkerRun extends Omit<WorkerOptions, "onOutput"> {
  readonly root: string;
}

export const WORKER_RUN = "SAMPLE_WORKER_RUN";

const PROGRAM = join(import.meta.dirname, "run-worker.ts");

/**
 * Runs the built Worker in workerd, Cloudflare's own runtime, by Miniflare. Both end with this process,
 * however this process ends.
 *
 * @throws {HeadgateError} WORKER_FAILED, with what the runtime wrote
 */
export async function startWorker(root: string, options: WorkerOptions): Promise<RunningWorker> {
  const { host, port, variables, onOutput } = options;
  const run: WorkerRun = { root, host, port, variables };
  const env = { ...process.env, [WORKER_RUN]: JSON.stringify(run) };
  const worker = startGuarded(process.execPath, [PROGRAM], { cwd: root, env });
  const [printed, written] = worker.output;
  let output = "";
  written.on("data", (chunk: Buffer) => {
    output += chunk.toString();
    onOutput?.(chunk.toString());
  });
  let address = "";
  const url = await Promise.race([
    new Promise<string>((resolve) => {
      printed.on("data", (chunk: Buffer) => {
        address += chunk.toString();
        if (address.includes("\n")) resolve(address.trim());
      });
    }),
    worker.ended.then(() => undefined),
  ]);
  if (url === undefined) {
    throw new HeadgateError("WORKER_FAILED", `The Worker cannot be served:\n${output.trim()}`);
  }
  return { url, output: () => output, stop: () => worker.stop() };
}
