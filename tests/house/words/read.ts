import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..", "..", "..");

/** Source files and pages. */
const READ = /\.(?:[cm]?ts|tsx|mjs|md)$/;

/** Not read: what is generated, the page and the script that list the words, and decisions, which are history. */
const NOT_READ = [
  "lib/dashboard/assets.ts",
  "docs/internals/words.md",
  "tests/house/words/",
  "tests/unit/words.test.ts",
  "docs/decisions/",
];

/** Subjects are read of so many commits, the newest ones. */
const COMMITS = 100;

/**
 * Reads this tree's texts: the files that git tracks, and new ones that it does not ignore.
 *
 * @param below where a path must begin; with an empty text the whole tree
 */
export function readFiles(below: string): ReadonlyMap<string, string> {
  const listed = git(["ls-files", "-coz", "--exclude-standard"]).split("\0");
  const paths = listed.filter(
    (path) =>
      path.startsWith(below) &&
      READ.test(path) &&
      !NOT_READ.some((start) => path.startsWith(start)) &&
      existsSync(join(ROOT, path)),
  );
  return new Map(paths.map((path) => [path, readFileSync(join(ROOT, path), "utf8")]));
}

/** Returns the subjects of the newest commits, the newest first. */
export function readSubjects(): readonly string[] {
  return git(["log", `--max-count=${COMMITS}`, "--format=%s"])
    .split("\n")
    .filter(Boolean);
}

function git(args: readonly string[]): string {
  return execFileSync("git", args, { cwd: ROOT, encoding: "utf8" });
}
