import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The parts of a package.json that a report needs. */
export interface Manifest {
  readonly name?: unknown;
  readonly version?: unknown;
  readonly packageManager?: unknown;
  readonly dependencies?: unknown;
  readonly devDependencies?: unknown;
}

/** The result of reading a package.json. */
export interface ReadManifest {
  /** The parts of the file; empty when it is missing or cannot be read. */
  readonly manifest: Manifest;
  /** Why it could not be read; undefined when it could. */
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
    return { manifest: {}, problem: "package.json does not contain an object" };
  } catch (error) {
    // The error of JSON.parse quotes the file, so its text is not used.
    const problem =
      error instanceof SyntaxError
        ? "package.json is not valid JSON"
        : "there is no package.json that can be read";
    return { manifest: {}, problem };
  }
}
