import { cpSync } from "node:fs";
import { join } from "node:path";
import { buildOnce } from "#app/_programs/build-once";
import { buildPackage } from "../../config/package/build.ts";
import { ROOT } from "./app.ts";

const FOLDER = join(ROOT, ".headgate", "package");

/**
 * Builds the package for all tests of the same sources, and resolves to its folder. A test that changes
 * the package needs a copy.
 */
export async function builtPackage(): Promise<string> {
  const folder = join(FOLDER, "headgate");
  await buildOnce(ROOT, () => {}, {
    sources: [
      "{lib,docs,config/package}/**/*",
      "LICENSE",
      "package.json",
      "package-lock.json",
      "tsconfig.json",
    ],
    stamp: ".headgate/package/sources",
    saying: "building the package ...",
    work: () => buildPackage(ROOT, folder),
  });
  return folder;
}

/** Copies the built package into an app, as an installation does. */
export async function installPackage(app: string): Promise<void> {
  cpSync(await builtPackage(), join(app, "node_modules", "headgate"), { recursive: true });
}
