import { launch } from "../launched.ts";
import { PROGRAMS } from "./shell.ts";
import { SERVERS } from "./ways.ts";

/**
 * Runs a server of a page until it serves, and stops it as Ctrl-C does.
 *
 * @throws {Error} when it ends before it serves, with its output
 */
export async function runServer(
  command: string,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly status: number | null; readonly expected: number | null }> {
  const [, ready = /./, expected = 0] = SERVERS.find(([pattern]) => pattern.test(command)) ?? [];
  const server = launch("bash", ["-c", `${PROGRAMS}\n${command}`], env);
  try {
    await server.printed(ready);
    server.signalGroup("SIGINT");
    return { status: await server.ended, expected };
  } finally {
    await server.remove();
  }
}
