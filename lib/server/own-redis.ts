import { basename, join } from "node:path";
import { HeadgateError } from "#lib/core/errors";
import { findProgram } from "./find-program.ts";
import { type Guarded, startGuarded, temporaryFolder } from "./guarded.ts";

const PROGRAMS = ["redis-server", "valkey-server"] as const;

/** A Redis that this process started, with a socket file that only this user can open. */
export interface OwnRedis {
  /** The program: redis-server or valkey-server. */
  readonly program: string;
  readonly socket: string;
  stop(): Promise<void>;
}

/** Returns true when redis-server or valkey-server is on the PATH. */
export function hasOwnRedis(): boolean {
  return findProgram(...PROGRAMS) !== undefined;
}

/**
 * Starts the redis-server or valkey-server that is on the PATH, without persistence. It ends when this process
 * ends, even by SIGKILL.
 *
 * @param say called with a line when the server ends before it is stopped
 * @throws {HeadgateError} STORE_NOT_FOUND, with the remedy
 */
export async function startOwnRedis(say: (line: string) => void): Promise<OwnRedis> {
  const program = findProgram(...PROGRAMS);
  if (!program) throw notFound();
  const folder = temporaryFolder();
  const socket = join(folder, "redis.sock");
  const server = startGuarded(program, settings(folder, socket), { folder });
  await ready(server, program);

  let isWanted = true;
  const watch = async () => {
    await server.ended;
    if (isWanted) say(`${basename(program)} ended; each rule's onStoreFailure decides`);
  };
  void watch();
  return {
    program: basename(program),
    socket,
    async stop() {
      isWanted = false;
      await server.stop();
    },
  };
}

/** Returns the settings: no TCP port and no persistence, so that only the socket is on disk. */
function settings(folder: string, socket: string): string[] {
  const listening = ["--port", "0", "--unixsocket", socket, "--unixsocketperm", "700"];
  return [...listening, "--save", "", "--dir", folder];
}

/** Resolves when the log says that connections are accepted, which Redis and Valkey both print. */
async function ready(server: Guarded, program: string): Promise<void> {
  let log = "";
  const isReady = new Promise<true>((resolve) => {
    for (const stream of server.output) {
      stream.on("data", (chunk: Buffer) => {
        if (log.length < 100_000) log += chunk.toString();
        if (/ready to accept connections/i.test(log)) resolve(true);
      });
    }
  });
  const status = await Promise.race([isReady, server.ended]);
  if (status === true) return;
  const last = log.trim().split("\n").at(-1) ?? "";
  throw new HeadgateError("STORE_NOT_FOUND", `${program} ended with status ${status}: ${last}`);
}

function notFound(): HeadgateError {
  return new HeadgateError(
    "STORE_NOT_FOUND",
    "There is no redis-server or valkey-server on the PATH: install one (Debian, Ubuntu: sudo apt-get install redis-server; macOS: brew install redis), or set REDIS_URL or HEADGATE_STORE=embedded.",
  );
}
