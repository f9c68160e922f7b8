import { join } from "node:path";
import { build } from "rolldown";
import { ROOT } from "../support/app.ts";

/** The platforms that a bundle is made for, by the conditions under which packages know them. */
const CONDITIONS = {
  workerd: ["workerd", "worker", "browser"],
  edge: ["edge-light", "browser"],
} as const;

export interface Bundle {
  readonly code: string;
  /** What it still imports at run time. */
  readonly imports: readonly string[];
}

/** The worker that the suite asks, with all that it needs in one file. */
export const WORKER = join(ROOT, "tests/fixtures/runtime/worker.ts");

/**
 * Bundles for one platform: an ES module for workerd, a script for the edge runtime, which leaves
 * what `input` exports in the global `worker`. For a browser the bundler sets NODE_ENV: "production" where it
 * minifies, else "development"; `target` "neutral" leaves it as it is written.
 */
export async function bundle(
  platform: keyof typeof CONDITIONS,
  input: string,
  minify = false,
  target: "browser" | "neutral" = "browser",
): Promise<Bundle> {
  const { output } = await build({
    input,
    cwd: ROOT,
    write: false,
    platform: target,
    logLevel: "silent",
    resolve: {
      conditionNames: [...CONDITIONS[platform], "import", "module", "default"],
      mainFields: ["module", "main"],
    },
    output: {
      format: platform === "workerd" ? "esm" : "iife",
      name: "worker",
      exports: "named",
      minify,
      codeSplitting: false,
    },
  });
  const [chunk] = output;
  return { code: chunk.code, imports: [...chunk.imports, ...chunk.dynamicImports] };
}
