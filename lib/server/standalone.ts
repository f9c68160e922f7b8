import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The line of Next's own server.js that holds the configuration of its build. */
const CONFIG = /^const nextConfig = (\{.*\})$/m;

/**
 * Returns true for a folder that Next made by `output: "standalone"`: a build without the app's sources.
 *
 * @example
 * isStandalone("/app"); // true where /app/server.js is Next's
 */
export function isStandalone(root: string): boolean {
  return configIn(root) !== undefined;
}

/**
 * Sets the configuration with which a standalone folder was built, as Next's own server.js does, since the
 * folder holds no next.config.
 */
export function useStandaloneConfig(root: string): void {
  const config = configIn(root);
  if (config !== undefined) process.env["__NEXT_PRIVATE_STANDALONE_CONFIG"] = config;
}

function configIn(root: string): string | undefined {
  const file = join(root, "server.js");
  return existsSync(file) ? CONFIG.exec(readFileSync(file, "utf8"))?.[1] : undefined;
}
