import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { House } from "./inspect.ts";
import type { Manifest } from "./packages.ts";

const ROOT = join(import.meta.dirname, "..", "..");

/** What holds code that imports. */
const SOURCE = /\.(?:[cm]?[jt]s|tsx)$/;

/** Files that are generated. */
const GENERATED = "lib/dashboard/assets.ts";

/** Reads this tree: the files that git tracks, and new ones that it does not ignore. */
export function readHouse(): House {
  const listed = execFileSync("git", ["ls-files", "-coz", "--exclude-standard"], {
    cwd: ROOT,
    encoding: "utf8",
  }).split("\0");
  const paths = new Set(
    listed.filter(
      (path) => SOURCE.test(path) && path !== GENERATED && existsSync(join(ROOT, path)),
    ),
  );
  return {
    files: new Map([...paths].map((path) => [path, readFileSync(join(ROOT, path), "utf8")])),
    sample: manifest("package.json"),
    lib: manifest("lib/package.json"),
  };
}

function manifest(path: string): Manifest {
  return JSON.parse(readFileSync(join(ROOT, path), "utf8")) as Manifest;
}
