import { pathToFileURL } from "node:url";
import { createJiti } from "jiti";

/** Next's bundler takes these marks out of a file; they mean nothing to a command. */
const MARKS = { "server-only": {}, "client-only": {} };

interface Loaded {
  readonly default?: unknown;
}

/**
 * Loads what a file of an app exports by default; undefined where it has no such export. Node loads the
 * file where it can. It does not know the paths of tsconfig.json, imports without an ending, or TypeScript
 * before Node 22.18: then jiti does, as Next's bundler would.
 *
 * @throws what the file throws, or why it cannot be loaded
 * @example
 * const policy = await loadDefault("/app/config/rate-limits.ts");
 */
export async function loadDefault(file: string): Promise<unknown> {
  hideLoaderWarnings();
  return (await importByNode(file).catch(() => importByJiti(file))).default;
}

function importByNode(file: string): Promise<Loaded> {
  return import(pathToFileURL(file).href) as Promise<Loaded>;
}

function importByJiti(file: string): Promise<Loaded> {
  const jiti = createJiti(file, {
    tsconfigPaths: true,
    jsx: true,
    // A command that checks writes no file.
    fsCache: false,
    virtualModules: MARKS,
  });
  return jiti.import<Loaded>(file);
}

/** What Node prints of how it loads a file, which is nothing that the app's author must change. */
const LOADER_WARNING = /MODULE_TYPELESS_PACKAGE_JSON|Type Stripping|stripping types/i;
let isHiding = false;

function hideLoaderWarnings(): void {
  if (isHiding) return;
  isHiding = true;
  const listeners = process.listeners("warning");
  process.removeAllListeners("warning");
  process.on("warning", (warning: Error & { readonly code?: string }) => {
    if (LOADER_WARNING.test(`${warning.code} ${warning.message}`)) return;
    for (const listener of listeners) listener.call(process, warning);
  });
}
