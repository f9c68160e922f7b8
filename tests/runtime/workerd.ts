import type { Readable } from "node:stream";
import { Miniflare } from "miniflare";
import { partsOf, type Running } from "./runtime.ts";

/** workerd as Miniflare starts it, and what it wrote. */
export interface RunningWorkerd extends Running {
  output(): string;
}

/** The newest that this workerd knows, near enough. */
const COMPATIBILITY_DATE = "2026-07-01";

/**
 * Starts real workerd with one module on loopback, without nodejs_compat and without calls of its
 * own to the net.
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
