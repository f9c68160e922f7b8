import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** As much of next.config as the commands read. */
export interface NextConfig {
  /** One of these makes middleware see Next's own headers. */
  readonly skipProxyUrlNormalize?: unknown;
  readonly skipMiddlewareUrlNormalize?: unknown;
  /** The folder of the build. */
  readonly distDir?: unknown;
  readonly basePath?: unknown;
  readonly pageExtensions?: unknown;
  readonly trailingSlash?: unknown;
  readonly i18n?: unknown;
  /** "export" makes files alone. */
  readonly output?: unknown;
}

const CONFIGS = ["next.config.mjs", "next.config.js", "next.config.ts", "next.config.mts"];

/** Loads a project's config; an empty one where there is none, or where it cannot be loaded alone. */
export async function nextConfig(project: string): Promise<NextConfig> {
  const file = CONFIGS.map((name) => join(project, name)).find((path) => existsSync(path));
  if (file === undefined) return {};
  try {
    const loaded = (await import(pathToFileURL(file).href)) as { readonly default?: unknown };
    const made: unknown =
      typeof loaded.default === "function"
        ? await (loaded.default as (phase: string, about: object) => unknown)(
            "phase-production-build",
            { defaultConfig: {} },
          )
        : loaded.default;
    return typeof made === "object" && made !== null ? made : {};
  } catch {
    return {};
  }
}
