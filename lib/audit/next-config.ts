import { existsSync } from "node:fs";
import { join } from "node:path";
import { loadDefault } from "#lib/source/load";

/** The parts of next.config that the commands read. */
export interface NextConfig {
  /** Either of these keeps Next's own headers for middleware. */
  readonly skipProxyUrlNormalize?: unknown;
  readonly skipMiddlewareUrlNormalize?: unknown;
  /** The folder of the build. */
  readonly distDir?: unknown;
  readonly basePath?: unknown;
  readonly pageExtensions?: unknown;
  readonly i18n?: unknown;
  readonly trailingSlash?: unknown;
  /** Other names of routes. */
  readonly rewrites?: unknown;
  /** "export" makes only files. */
  readonly output?: unknown;
  /** The variables that Next writes into the code at build time. */
  readonly env?: Readonly<Record<string, unknown>> | undefined;
}

const CONFIGS: readonly string[] = [
  "next.config.mjs",
  "next.config.js",
  "next.config.ts",
  "next.config.mts",
];

/** Returns the name of a project's next.config; undefined when the project has no such file. */
export function nextConfigFile(project: string): string | undefined {
  return CONFIGS.find((name) => existsSync(join(project, name)));
}

/** Returns the folder of a project's build, from the project's folder. */
export async function builtFolder(project: string): Promise<string> {
  const { distDir } = await nextConfig(project);
  return typeof distDir === "string" ? distDir : ".next";
}

/** Loads a project's config. Returns an empty one when there is no config, or it cannot be loaded. */
export async function nextConfig(project: string): Promise<NextConfig> {
  const name = nextConfigFile(project);
  if (name === undefined) return {};
  const file = join(project, name);
  // oxlint-disable-next-line typescript/unbound-method -- it is restored below
  const { exit } = process;
  // Some configs end the process when a variable is missing. That must not end the command.
  process.exit = () => {
    throw new Error(`${file} ends the process.`);
  };
  try {
    const given = await loadDefault(file);
    const made: unknown =
      typeof given === "function"
        ? await (given as (phase: string, about: object) => unknown)("phase-production-build", {
            defaultConfig: {},
          })
        : given;
    return typeof made === "object" && made !== null ? made : {};
  } catch {
    return {};
  } finally {
    process.exit = exit;
  }
}
