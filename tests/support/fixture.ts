import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { ROOT, type RunningApp, startProgram } from "./app.ts";

const NEXT = join(ROOT, "node_modules", "next", "dist", "bin", "next");

/** Returns the folder of an app under tests/fixtures. */
export function fixture(name: string): string {
  return join(ROOT, "tests", "fixtures", name);
}

/**
 * The folder for copies of apps. It is as deep in the tree as the fixtures, so that relative paths
 * in the copies lead to the same files.
 */
export function copyOf(name: string): string {
  return join(ROOT, ".headgate", "fixtures", name);
}

/**
 * Copies an app, renames its `middleware.ts` to `proxy.ts`, so that the same gate runs in Node, and returns
 * the folder.
 */
export function asProxy(name: string): string {
  const folder = copyOf(`${name}-as-proxy`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const isSource = (path: string) => basename(path) !== ".next";
  cpSync(fixture(name), folder, { recursive: true, filter: isSource });
  renameSync(join(folder, "middleware.ts"), join(folder, "proxy.ts"));
  return folder;
}

/** Builds an app with `next build`. Throws an error with the output when the build fails. */
export function buildFixture(name: string, env: Readonly<Record<string, string>> = {}): void {
  buildIn(fixture(name), env);
}

/** Does the same for an app anywhere in the tree. */
export function buildIn(folder: string, env: Readonly<Record<string, string>> = {}): void {
  const build = spawnSync(process.execPath, [NEXT, "build"], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1", ...env },
  });
  if (build.status !== 0) throw new Error(build.stdout + build.stderr);
}

/** Serves a built app with plain `next start`, on a free port. */
export function startFixture(
  name: string,
  env: Readonly<Record<string, string>>,
): Promise<RunningApp> {
  return startIn(fixture(name), env);
}

/** Does the same for an app anywhere in the tree. */
export function startIn(
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<RunningApp> {
  return startProgram([NEXT, "start", "-p", "0", "-H", "localhost"], env, folder);
}
