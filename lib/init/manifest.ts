import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { HeadgateError } from "#lib/core/errors";

/** The parts of a package.json that init reads. */
export interface Manifest {
  readonly name?: string;
  readonly packageManager?: string;
  readonly workspaces?: unknown;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/**
 * Reads the package.json of a folder; undefined when there is no such file.
 *
 * @throws {HeadgateError} INIT_NO_APP when it is not JSON
 */
export function readManifest(folder: string): Manifest | undefined {
  const file = join(folder, "package.json");
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, "utf8").replace(/^\uFEFF/, "")) as Manifest;
  } catch (cause) {
    throw new HeadgateError("INIT_NO_APP", `${file} must be valid JSON.`, {
      cause,
    });
  }
}

/** Returns everything that a package depends on: each package with its range. */
export function dependenciesOf(manifest: Manifest): Readonly<Record<string, string>> {
  return { ...manifest.devDependencies, ...manifest.dependencies };
}

/** Returns a folder and each folder above it, up to and with `last`, or up to the root of the disk. */
export function upward(folder: string, last?: string): readonly string[] {
  const above = dirname(folder);
  return folder === last || above === folder ? [folder] : [folder, ...upward(above, last)];
}
