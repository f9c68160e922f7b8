import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { HeadgateError } from "#lib/core/errors";

/** Everything that a build reads. */
const SOURCES = [
  "{app,lib,config,public}/**/*",
  "middleware.ts",
  "instrumentation.ts",
  "next.config.mjs",
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  ".env*",
];

/** Where a build goes, and the variables by which next.config.mjs knows it. */
interface BuildKind {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

const PLAIN: BuildKind = { folder: ".next", env: {} };

/**
 * Builds the app unless the last build of its kind is of the same sources. Two starts at once build
 * once: the second waits for the first. Answers whether it built.
 *
 * @throws {HeadgateError} BUILD_FAILED; the build has printed why
 */
export async function buildOnce(
  root: string,
  say: (line: string) => void,
  { folder, env }: BuildKind = PLAIN,
): Promise<boolean> {
  const stamp = join(root, folder, "headgate-build");
  const sources = hashSources(root);
  const isBuilt = () => existsSync(stamp) && readFileSync(stamp, "utf8") === sources;
  if (isBuilt()) return false;

  const unlock = await lock(join(root, ".headgate-build.lock"));
  try {
    if (isBuilt()) return false;
    say("building the app (half a minute, when something changed) ...");
    await nextBuild(root, env);
    writeFileSync(stamp, sources);
    return true;
  } finally {
    unlock();
  }
}

function hashSources(root: string): string {
  const hash = createHash("sha256");
  for (const file of globSync(SOURCES, { cwd: root }).toSorted()) {
    const path = join(root, file);
    if (!statSync(path).isFile()) continue;
    hash.update(`${file}\0`).update(readFileSync(path)).update("\0");
  }
  return hash.digest("hex");
}

/** A folder is made by one process only; it holds that process's id, so that a dead one's is taken over. */
async function lock(path: string): Promise<() => void> {
  const owner = join(path, "pid");
  for (;;) {
    try {
      mkdirSync(path);
      writeFileSync(owner, String(process.pid));
      return () => rmSync(path, { recursive: true, force: true });
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    if (isAbandoned(path, owner)) rmSync(path, { recursive: true, force: true });
    else await pause(200);
  }
}

function isAbandoned(path: string, owner: string): boolean {
  try {
    const pid = Number(readFileSync(owner, "utf8"));
    // 0 would ask for our own group; our own number is an earlier process's, as containers have them.
    if (pid > 0 && pid !== process.pid) {
      process.kill(pid, 0);
      return false;
    }
    return Date.now() - statSync(path).mtimeMs > 1000;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EPERM") return false;
    // Made but not yet signed: give its maker a moment.
    return !existsSync(path) || Date.now() - statSync(path).mtimeMs > 1000;
  }
}

async function nextBuild(root: string, variables: BuildKind["env"]): Promise<void> {
  const next = join(root, "node_modules", "next", "dist", "bin", "next");
  const build = spawn(process.execPath, [next, "build"], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1", ...variables },
  });
  const killAtExit = () => build.kill("SIGKILL");
  process.once("exit", killAtExit);
  let output = "";
  for (const stream of [build.stdout, build.stderr]) {
    stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    build.on("error", reject).on("close", resolve);
  });
  process.off("exit", killAtExit);
  if (code === 0) return;
  throw new HeadgateError("BUILD_FAILED", `next build failed:\n${output.trim()}`);
}
