import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lockFolder } from "./folder-lock.ts";

/** A build, its sources, and the stamp of the last one. */
export interface Build {
  /** The files that the build reads, as patterns from the root. */
  readonly sources: readonly string[];
  /** The file, from the root, that holds the hash of the sources of the last build. */
  readonly stamp: string;
  /** Printed before the build starts, because it takes a while. */
  readonly saying: string;
  work(): Promise<void>;
}

/**
 * Makes a build, unless the last build was made from the same sources. When two processes start at
 * once, only one builds, and the other waits for it.
 *
 * @returns true when it built
 * @example
 * await buildOnce(root, console.log, { sources: ["app/**"], stamp: ".next/sources", saying: "building", work });
 */
export async function buildOnce(
  root: string,
  say: (line: string) => void,
  build: Build,
): Promise<boolean> {
  const stamp = join(root, build.stamp);
  const sources = hashSources(root, build.sources);
  const isBuilt = () => existsSync(stamp) && readFileSync(stamp, "utf8") === sources;
  if (isBuilt()) return false;

  const unlock = await lockFolder(join(root, ".headgate-build.lock"));
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
