import { createRequire } from "node:module";
import { setVariables } from "#lib/core/settings";

/** What this file needs of `next/dist/server/config`. */
interface ConfigModule {
  readonly default: (
    phase: "phase-development-server" | "phase-production-server",
    root: string,
  ) => Promise<{ readonly experimental: { proxyClientMaxBodySize?: number } }>;
}

/**
 * Makes Next hand on bodies of up to `bodyBytes` bytes where there is middleware, and of up to what the
 * app's next.config says where that is more; beyond it Next cuts a body off in silence. Tells the gate
 * by HEADGATE_BODY_SIZE how many bytes that is, unless it is set.
 *
 * Next loads a config once for each process and folder, and its parts share that object.
 */
export async function letBodiesThrough(
  root: string,
  dev: boolean,
  bodyBytes: number,
): Promise<void> {
  const require = createRequire(import.meta.url);
  const { default: loadConfig } = require("next/dist/server/config") as ConfigModule;
  const phase = dev ? "phase-development-server" : "phase-production-server";
  const { experimental } = await loadConfig(phase, root);
  const size = Math.max(experimental.proxyClientMaxBodySize ?? 0, bodyBytes);
  experimental.proxyClientMaxBodySize = size;
  const told = setVariables(process.env)["HEADGATE_BODY_SIZE"];
  process.env["HEADGATE_BODY_SIZE"] = told ?? String(size);
}
