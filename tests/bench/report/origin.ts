import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { findProgram } from "#lib/server/find-program";

/** Returns the origin of a measurement: commit, day, machine, and the versions of the compared packages. */
export function originOf(root: string) {
  return {
    commit: git(root, "rev-parse", "--short", "HEAD").trim(),
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}`,
    versions: [`Node ${process.versions.node}`, ...packagesOf(root), ...redisServer()],
  };
}

/**
 * Returns the files of a tree that differ from its commit, because saved figures name the commit. Pages and docs
 * do not count, because saving writes them.
 */
function uncommitted(root: string): string[] {
  return git(root, "status", "--porcelain", "--untracked-files=all", "--no-renames")
    .split("\n")
    .map((line) => line.slice(3))
    .filter((file) => file !== "" && !file.startsWith("docs/") && !/^[^/]+\.md$/.test(file));
}

/**
 * Throws when figures would be saved for a tree with uncommitted files.
 *
 * @throws {Error} naming the files
 */
export function expectCommitted(root: string): void {
  const files = uncommitted(root);
  if (files.length === 0) return;
  const more = files.length > 5 ? ` and ${files.length - 5} more` : "";
  throw new Error(
    `--save names the commit that was measured, and these files are not committed: ${files.slice(0, 5).join(", ")}${more}. Commit them, or measure without --save.`,
  );
}

function git(root: string, ...args: string[]): string {
  return execFileSync("git", args, { cwd: root, encoding: "utf8" });
}

function packagesOf(root: string): string[] {
  return ["next", "@upstash/ratelimit", "@upstash/redis"].map((name) => {
    const file = join(root, "node_modules", name, "package.json");
    const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
    return `${name} ${version}`;
  });
}

function redisServer(): string[] {
  const program = findProgram("redis-server");
  if (program === undefined) return [];
  const text = execFileSync(program, ["--version"], { encoding: "utf8" });
  return [`redis-server ${/v=([\d.]+)/.exec(text)?.[1] ?? "unknown"}`];
}
