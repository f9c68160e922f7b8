import { resolve } from "node:path";
import { HeadgateError } from "#lib/core/errors";
import type { Served } from "#lib/server/serve-app";
import { loadDefault } from "#lib/source/load";

/** What an app says of its server beside the policy. */
export interface ServerParts extends Pick<Served, "settings" | "companions"> {
  /**
   * Builds for production where that is needed.
   * @default `next build`, where nothing is built
   */
  readonly build?: (root: string, say: (line: string) => void) => Promise<unknown>;
}

/**
 * Returns what it is given, with its type checked: what a file for `headgate start --with` exports by default.
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
 * @throws {HeadgateError} CLI_USAGE where the file cannot be loaded, or exports nothing by default
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
