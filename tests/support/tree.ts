import { spawnSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { SOURCES } from "#app/_programs/build";
import { ROOT } from "./app.ts";

/** The routes of the sample. All except health are left out, because a build takes time for each. */
const ROUTES = ["app/page.tsx", "app/{dashboard,dev,login,sample}", "app/api/!(health)"];

/**
 * Copies this tree with additional files, such as a route that only a test needs, which replace the
 * sample's routes. Its packages are hard links, because Turbopack follows no link out of a project.
 *
 * @param files the text of each file, by its path from the root
 * @returns the folder of the copy, which has no build
 */
export function treeWith(name: string, files: Readonly<Record<string, string>>): string {
  const tree = join(ROOT, ".headgate", "trees", name);
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(tree, { recursive: true });
  for (const source of globSync(SOURCES, { cwd: ROOT, exclude: (it) => it.startsWith(".env") })) {
    cpSync(join(ROOT, source), join(tree, source), { recursive: true });
  }
  for (const path of globSync(ROUTES, { cwd: tree })) {
    rmSync(join(tree, path), { recursive: true });
  }
  const linked = spawnSync("cp", ["-al", join(ROOT, "node_modules"), tree], { encoding: "utf8" });
  if (linked.status !== 0) throw new Error(linked.stderr);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  }
  return tree;
}
