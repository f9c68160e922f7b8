import { pathToFileURL } from "node:url";
import { createJiti } from "jiti";

/** Marker packages that Next's bundler removes. They have no effect in a command. */
const MARKS = { "server-only": {}, "client-only": {} };

interface Loaded {
  readonly default?: unknown;
}

/**
 * Loads the default export of a file of an app; undefined when it has no default export. Node loads the file if
 * it can.
 * For paths of tsconfig.json, imports without an ending, or TypeScript before Node 22.18, jiti loads it as
 * Next's bundler would.
 *
 * @throws an error of the file, or an error that says why it cannot be loaded
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
    // A command that checks must not write files.
    fsCache: false,
    virtualModules: MARKS,
  });
  return jiti.import<Loaded>(file);
}

/** Warnings of Node about how it loads a file, which the app's author need not act on. */
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
