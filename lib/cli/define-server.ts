import { resolve } from "node:path";
import { HeadgateError } from "#lib/core/errors";
import type { Served } from "#lib/server/serve-app";
import { loadDefault } from "#lib/source/load";

/** The settings of an app's server in addition to the policy. */
export interface ServerParts extends Pick<Served, "settings" | "companions"> {
  /**
   * Builds for production if needed.
   * @default `next build`, when nothing is built
   * @example
   * defineServer({ build: (folder) => buildNext(folder) });
   */
  readonly build?: (root: string, say: (line: string) => void) => Promise<unknown>;
}

/**
 * Returns its argument, with its type checked: the default export of a file for `headgate start --with`.
 *
 * @example
 * export default defineServer({
 *   companions: [async () => ({ name: "mail", line: "a stand-in", variables: { MAIL_URL: "http://127.0.0.1:1080" } })],
 * });
 */
export function defineServer(parts: ServerParts): ServerParts {
  return parts;
}

/**
 * Loads the file of `--with`.
 *
 * @throws {HeadgateError} CLI_USAGE when the file cannot be loaded, or has no default export
 */
export async function loadServerParts(file: string | undefined): Promise<ServerParts> {
  if (file === undefined) return {};
  const parts = await loadDefault(resolve(file)).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new HeadgateError("CLI_USAGE", `The file of --with cannot be loaded: ${why}`, { cause });
  });
  if (typeof parts === "object" && parts !== null) return parts;
  const message = `${file} must export its parts by default: export default defineServer({ ... })`;
  throw new HeadgateError("CLI_USAGE", message);
}
