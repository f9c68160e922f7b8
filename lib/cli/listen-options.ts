import { wholeForm, isWhole } from "#lib/core/argument";
import { HOST_FORM, isHost, MOST_PORT } from "#lib/server/listening";
import { usageError } from "./program.ts";

/** The options of a server that say where it listens, as `next dev` and `next start` name them. */
export const LISTEN_ARGS = {
  port: { type: "string", alias: "p" },
  hostname: { type: "string", alias: "H" },
} as const;

/** The values of these options. */
interface ListenArgs {
  readonly port?: string | undefined;
  readonly hostname?: string | undefined;
}

/**
 * Sets PORT and HOST of this process to the options that are given, so that an option wins over a variable and
 * over an .env file. The app reads the same variables.
 *
 * @throws {HeadgateError} CLI_USAGE
 */
export function setListening({ port, hostname }: ListenArgs, help: string): void {
  if (port !== undefined && !(/^\d+$/.test(port) && isWhole(Number(port), 0, MOST_PORT))) {
    throw usageError(`--port must be ${wholeForm(0, MOST_PORT)}.`, help);
  }
  if (hostname !== undefined && !isHost(hostname)) {
    throw usageError(`--hostname must be ${HOST_FORM}.`, help);
  }
  Object.assign(
    process.env,
    port !== undefined && { PORT: port },
    hostname !== undefined && { HOST: hostname },
  );
}
