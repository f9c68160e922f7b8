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
import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { HeadgateError } from "#lib/core/errors";
import { startGuarded } from "./guarded.ts";

/** Everything that a build reads. */
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

/** What is built, from what, and how. */
export interface Build {
  /** The files that it reads, as patterns from the root. */
  readonly sources: readonly string[];
  /** Where it is written down of what sources the last one is, from the root. */
  readonly stamp: string;
  /** Said before it begins: it takes a while. */
  readonly saying: string;
  work(): Promise<void>;
}

/**
 * Builds the app unless the last build is of the same sources. Two starts at once build once: the
 * second waits for the first. Answers whether it built.
 *
 * @throws {HeadgateError} BUILD_FAILED, with what the build printed
 */
export function buildOnce(root: string, say: (line: string) => void): Promise<boolean> {
  const next = join(root, "node_modules", "next", "dist", "bin", "next");
  return once(root, say, {
    sources: SOURCES,
    stamp: ".next/headgate-build",
    saying: "building the app (half a minute, when something changed) ...",
    work: () => runBuild(root, [next, "build"]),
  });
}

/** Does one build of this root at a time, and only where its sources changed. */
export async function once(
  root: string,
  say: (line: string) => void,
  build: Build,
): Promise<boolean> {
  const stamp = join(root, build.stamp);
  const sources = hashSources(root, build.sources);
  const isBuilt = () => existsSync(stamp) && readFileSync(stamp, "utf8") === sources;
  if (isBuilt()) return false;

  const unlock = await lock(join(root, ".headgate-build.lock"));
  try {
    if (isBuilt()) return false;
    say(build.saying);
    await build.work();
    writeFileSync(stamp, sources);
    return true;
  } finally {
    unlock();
  }
}

function hashSources(root: string, patterns: readonly string[]): string {
  const hash = createHash("sha256");
  for (const file of globSync(patterns, { cwd: root }).toSorted()) {
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
      const unlock = () => rmSync(path, { recursive: true, force: true });
      process.once("exit", unlock);
      return () => {
        process.off("exit", unlock);
        unlock();
      };
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

/**
 * Runs a Node program that builds. It ends with this process, and so do the processes that it starts.
 *
 * @throws {HeadgateError} BUILD_FAILED, with what it printed
 */
export async function runBuild(root: string, args: readonly string[]): Promise<void> {
  const build = startGuarded(process.execPath, args, {
    cwd: root,
    env: {
      ...process.env,
      NODE_ENV: "production",
      NEXT_TELEMETRY_DISABLED: "1",
      WRANGLER_SEND_METRICS: "false",
    },
  });
  let output = "";
  for (const stream of build.output) {
    stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  }
  if ((await build.ended) === 0) return;
  const what = args.map((arg) => basename(arg)).join(" ");
  throw new HeadgateError("BUILD_FAILED", `${what} failed:\n${output.trim()}`);
}
