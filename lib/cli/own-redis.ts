import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { HeadgateError } from "#lib/core/errors";
import { findProgram } from "./find-program.ts";

const PROGRAMS = ["redis-server", "valkey-server"] as const;

/** A Redis of our own, reached by a socket file that only this user can open. */
export interface OwnRedis {
  /** redis-server or valkey-server. */
  readonly program: string;
  readonly socket: string;
  stop(): Promise<void>;
}

/** Whether there is a redis-server or valkey-server on the PATH. */
export function hasOwnRedis(): boolean {
  return findProgram(...PROGRAMS) !== undefined;
}

/**
 * Starts the redis-server or valkey-server that is on the PATH, with nothing kept on disk.
 *
 * @param say hears when it ends before it is stopped
 * @throws {HeadgateError} STORE_NOT_FOUND, with what to do
 */
export async function startOwnRedis(say: (line: string) => void): Promise<OwnRedis> {
  const program = findProgram(...PROGRAMS);
  if (!program) throw notFound();
  const folder = mkdtempSync(join(tmpdir(), "headgate-"));
  const socket = join(folder, "redis.sock");
  const child = spawn(
    program,
    [
      "--port",
      "0",
      "--unixsocket",
      socket,
      "--unixsocketperm",
      "700",
      "--save",
      "",
      "--dir",
      folder,
    ],
    // Of a group of its own: Ctrl-C is for the server, which ends Redis after its last request.
    { stdio: ["ignore", "pipe", "pipe"], detached: true },
  );
  const killAtExit = () => {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", killAtExit);

  const stop = async () => {
    process.off("exit", killAtExit);
    child.removeAllListeners("exit");
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await ready(child, program);
  } catch (error) {
    await stop();
    throw error;
  }
  child.once("exit", () =>
    say(`${basename(program)} ended; rules do as their onStoreFailure says`),
  );
  return { program: basename(program), socket, stop };
}

/** Redis and Valkey both say so in their log when they take connections on the socket. */
async function ready(child: ChildProcess, program: string): Promise<void> {
  let log = "";
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on("data", (chunk: Buffer) => {
      if (log.length < 100_000) log += chunk.toString();
      if (/ready to accept connections/i.test(log)) resolve();
    });
    child.stderr?.resume();
    child.once("error", reject);
    child.once("exit", (code) => {
      const last = log.trim().split("\n").at(-1) ?? "";
      reject(new HeadgateError("STORE_NOT_FOUND", `${program} ended with status ${code}: ${last}`));
    });
  });
}

function notFound(): HeadgateError {
  return new HeadgateError(
    "STORE_NOT_FOUND",
    "There is no redis-server or valkey-server on the PATH: install one (Debian, Ubuntu: sudo apt-get install redis-server; macOS: brew install redis), or set REDIS_URL or HEADGATE_STORE=embedded.",
  );
}
