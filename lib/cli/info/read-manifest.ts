import { readFileSync } from "node:fs";
import { join } from "node:path";

/** As much of a package.json as a report needs. */
export interface Manifest {
  readonly name?: unknown;
  readonly version?: unknown;
  readonly packageManager?: unknown;
  readonly dependencies?: unknown;
  readonly devDependencies?: unknown;
}

/** A package.json as it was found. */
export interface ReadManifest {
  /** Empty where the file is missing, and where it cannot be read. */
  readonly manifest: Manifest;
  /** Why it could not be read; undefined where it could. */
  readonly problem?: string;
}

/**
 * Reads the package.json of a folder. It never throws.
 *
 * @example
 * const { manifest, problem } = readManifest(process.cwd());
 */
export function readManifest(folder: string): ReadManifest {
  try {
    const parsed: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    if (typeof parsed === "object" && parsed !== null) return { manifest: parsed };
    return { manifest: {}, problem: "package.json holds no object" };
  } catch (error) {
    // What JSON.parse says quotes the file.
    const problem =
      error instanceof SyntaxError
        ? "package.json is not valid JSON"
        : "there is no package.json that can be read";
    return { manifest: {}, problem };
  }
}
