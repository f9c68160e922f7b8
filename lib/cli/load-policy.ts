import { pathToFileURL } from "node:url";
import { createJiti } from "jiti";
import type { AnyPolicy } from "#lib/policy/define";

/** Next's bundler takes these marks out of a file; they mean nothing to a check. */
const MARKS = { "server-only": {}, "client-only": {} };

interface PolicyModule {
  readonly default?: AnyPolicy;
}

/**
 * Loads the policy that a file exports by default. Node loads the file where it can. It does not know the
 * paths of tsconfig.json, imports without an ending, or TypeScript before Node 22.18: then jiti does, as
 * Next's bundler would.
 *
 * @throws what the file throws, or why it cannot be loaded
 * @example
 * const policy = await importPolicy("/app/config/rate-limits.ts");
 */
export async function importPolicy(file: string): Promise<AnyPolicy> {
  hideLoaderWarnings();
  const { default: policy } = await importByNode(file).catch(() => importByJiti(file));
  if (policy !== undefined) return policy;
  throw new Error("the file has no default export; write: export default definePolicy({ ... })");
}

function importByNode(file: string): Promise<PolicyModule> {
  return import(pathToFileURL(file).href) as Promise<PolicyModule>;
}

function importByJiti(file: string): Promise<PolicyModule> {
  const jiti = createJiti(file, {
    tsconfigPaths: true,
    jsx: true,
    // A command that checks writes no file.
    fsCache: false,
    virtualModules: MARKS,
  });
  return jiti.import<PolicyModule>(file);
}

/** What Node prints of how it loads a file, which is nothing that the app's author must change. */
const LOADER_WARNING = /MODULE_TYPELESS_PACKAGE_JSON|Type Stripping|stripping types/i;
let isHiding = false;

function hideLoaderWarnings(): void {
  if (isHiding) return;
  isHiding = true;
  const print = process.listeners("warning");
  process.removeAllListeners("warning");
  process.on("warning", (warning: Error & { readonly code?: string }) => {
    if (LOADER_WARNING.test(`${warning.code} ${warning.message}`)) return;
    for (const listener of print) listener.call(process, warning);
  });
}
