import type { NextConfig } from "next";
import { ROOT } from "./app.ts";

/**
 * Settings of an app that a test writes into a folder of this tree, whose packages are in the folder
 * above. It is compiled once, so a cache on disk would only cost a quarter of the time.
 */
export const IN_TREE: NextConfig = {
  turbopack: { root: ROOT },
  experimental: {
    turbopackFileSystemCacheForBuild: false,
    turbopackFileSystemCacheForDev: false,
  },
};

/** Returns the text of a `next.config.mjs` for such an app. */
export function configInTree(more: NextConfig = {}): string {
  return `export default ${JSON.stringify({ ...IN_TREE, ...more })};\n`;
}
