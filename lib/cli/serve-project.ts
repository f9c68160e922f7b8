import { existsSync } from "node:fs";
import { join } from "node:path";
import { HeadgateError } from "#lib/core/errors";
import { buildNext } from "#lib/server/build";
import { printLine, type Served, serveApp } from "#lib/server/serve-app";
import { nextConfig } from "#lib/audit/next-config";
import { findAppForm } from "./info/app-form.ts";
import { findPolicyFile, projectPolicy } from "./policy-file.ts";

/** A project that is served from its sources. */
export interface ServedProject extends Omit<Served, "prepare"> {
  /** The policy file; undefined for config/rate-limits.ts, where there is one. */
  readonly policy?: string | undefined;
  /** Builds for production where that is needed; by default, where nothing is built. */
  readonly build?: (root: string, say: (line: string) => void) => Promise<unknown>;
}

/**
 * Checks a project's policy, builds it where that is needed, and serves it with a store until the
 * process is told to stop. This is `headgate start` and `headgate dev`; a project that needs more started
 * calls it with `companions`.
 *
 * @throws {HeadgateError} CLI_USAGE for a policy file that is not there, and in development for a folder
 *   without an app; every other error ends the process with 1, after it was printed
 * @example
 * await serveProject({ root: process.cwd(), mode: "production" });
 */
export async function serveProject(project: ServedProject): Promise<never> {
  const { root, mode, policy, build = buildUnlessBuilt } = project;
  if (policy !== undefined) findPolicyFile(root, policy);
  if (mode === "development") expectApp(root);
  return serveApp({
    ...project,
    async prepare() {
      const line = await projectPolicy(root, policy);
      if (mode === "production") await build(root, printLine);
      return line;
    },
  });
}

/** What Next says of such a folder is a stack; a server for production may have its build alone. */
function expectApp(root: string): void {
  if (findAppForm(root).routers.length > 0) return;
  throw new HeadgateError(
    "CLI_USAGE",
    `There is no folder app or pages in ${root}, or in its src: run it in the folder of a Next app.`,
  );
}

async function buildUnlessBuilt(root: string): Promise<void> {
  const { distDir } = await nextConfig(root);
  const folder = typeof distDir === "string" ? distDir : ".next";
  if (existsSync(join(root, folder, "BUILD_ID"))) return;
  printLine(
    "building the app, since nothing is built (afterwards, headgate build builds anew) ...",
  );
  await buildNext(root);
}
