import type { Readable } from "node:stream";
import { Miniflare } from "miniflare";
import { partsOf, type Running } from "./runtime.ts";

/** A workerd process of Miniflare, with its output. */
export interface RunningWorkerd extends Running {
  output(): string;
}

/** A compatibility date close to the newest one of this workerd. */
const COMPATIBILITY_DATE = "2026-07-01";

/**
 * Starts real workerd with one module on loopback, without nodejs_compat and without background
 * network calls.
 */
export async function startWorkerd(
  code: string,
  bindings: Readonly<Record<string, string>>,
  compatibilityDate = COMPATIBILITY_DATE,
): Promise<RunningWorkerd> {
  let output = "";
  const miniflare = new Miniflare({
    modules: [{ type: "ESModule", path: "worker.mjs", contents: code }],
    compatibilityDate,
    bindings: { ...bindings },
    cf: false,
    handleRuntimeStdio(...streams: Readable[]) {
      for (const stream of streams) {
        stream.on("data", (chunk: Buffer) => {
          output += chunk.toString();
        });
      }
    },
  });
  await miniflare.ready;
  return {
    output: () => output,
    async send(request) {
      const answer = await miniflare.dispatchFetch(request.url, {
        ...partsOf(request),
        redirect: "manual",
        signal: request.signal,
      });
      return answer as unknown as Response;
    },
    stop: () => miniflare.dispose(),
  };
}
