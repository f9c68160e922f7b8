import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";

/** Makes a folder the root of a git repository. Without it `headgate init` would plan a workflow of this one. */
export function makeRepository(folder: string): void {
  mkdirSync(folder, { recursive: true });
  execFileSync("git", ["init", "--quiet", folder]);
}
