import { requireNext } from "./require-next.ts";

/** The part of `next/dist/server/config` that this file needs. */
interface ConfigModule {
  readonly default: (
    phase: "phase-development-server" | "phase-production-server",
    root: string,
  ) => Promise<{ readonly experimental: { proxyClientMaxBodySize?: number } }>;
}

/**
 * Makes Next pass bodies of up to `bodyBytes` bytes through middleware, or of the size in the app's next.config
 * when that is larger. Next truncates a larger body without an error.
 *
 * Next loads a config once for each process and folder, and all its parts share that object.
 */
export async function letBodiesThrough(
  root: string,
  dev: boolean,
  bodyBytes: number,
): Promise<void> {
  const require = requireNext(root);
  const { default: loadConfig } = require("next/dist/server/config") as ConfigModule;
  const phase = dev ? "phase-development-server" : "phase-production-server";
  const { experimental } = await loadConfig(phase, root);
  const { proxyClientMaxBodySize: bytes = 0 } = experimental;
  experimental.proxyClientMaxBodySize = Math.max(bytes, bodyBytes);
}
