import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ROOT, type RunningApp, startProgram } from "./app.ts";

const NEXT = join(ROOT, "node_modules", "next", "dist", "bin", "next");

/** The folder of an app under tests/fixtures. */
export function fixture(name: string): string {
  return join(ROOT, "tests", "fixtures", name);
}

/** Builds an app with `next build`; throws with what it printed where it fails. */
export function buildFixture(name: string, env: Readonly<Record<string, string>> = {}): void {
  const build = spawnSync(process.execPath, [NEXT, "build"], {
    cwd: fixture(name),
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
  return startProgram([NEXT, "start", "-p", "0", "-H", "localhost"], env, fixture(name));
}
