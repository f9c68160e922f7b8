import { buildNext } from "headgate/server";
import { buildOnce as buildOnceOf } from "./build-once.ts";

/** All files that a build of the sample reads. */
export const SOURCES: readonly string[] = [
  "{app,lib,config,public}/**/*",
  "middleware.ts",
  "instrumentation.ts",
  "next.config.mjs",
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  ".env*",
];

/**
 * Builds the sample, unless its last build was made from the same sources.
 *
 * @returns true when it built
 * @throws {HeadgateError} BUILD_FAILED, with what the build printed
 */
export function buildOnce(root: string, say: (line: string) => void): Promise<boolean> {
  return buildOnceOf(root, say, {
    sources: SOURCES,
    stamp: ".next/headgate-build",
    saying: "building the app (half a minute, when something changed) ...",
    work: () => buildNext(root),
  });
}
