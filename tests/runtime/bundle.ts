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
  /** The imports that remain at run time. */
  readonly imports: readonly string[];
}

/** The worker of the suite, with all its code in one file. */
export const WORKER = join(ROOT, "tests/fixtures/runtime/worker.ts");

/**
 * Bundles for one platform: an ES module for workerd, or a script for the edge runtime, which puts the exports of
 * `input` into the global `worker`. For a browser the bundler sets NODE_ENV: "production" when it minifies, else
 * "development". The `target` "neutral" does not set it.
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
