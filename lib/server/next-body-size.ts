import { requireNext } from "./require-next.ts";

/** What this file needs of `next/dist/server/config`. */
interface ConfigModule {
  readonly default: (
    phase: "phase-development-server" | "phase-production-server",
    root: string,
  ) => Promise<{ readonly experimental: { proxyClientMaxBodySize?: number } }>;
}

/**
 * Makes Next hand on bodies of up to `bodyBytes` bytes where there is middleware, and of up to what the
 * app's next.config says where that is more; beyond it Next cuts a body off in silence.
 *
 * Next loads a config once for each process and folder, and its parts share that object.
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
