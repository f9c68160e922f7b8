import { type ChildProcessByStdio, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";

/** A program with a temporary folder. Both end with this process, however this process ends. */
export interface Guarded {
  /** The program's standard output and standard error. */
  readonly output: readonly [Readable, Readable];
  /** Resolves to the exit status once the program has ended, its folder is gone and its output was read. */
  readonly ended: Promise<number | null>;
  /** Kills the program; resolves once it has ended and its folder is gone. */
  stop(): Promise<void>;
}

export interface GuardedOptions {
  /** The program's temporary folder, which is made for it: see {@link temporaryFolder}. */
  readonly folder?: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

const GUARD = join(import.meta.dirname, "guard.mjs");

/** How long an exit waits for programs to end, in milliseconds. */
const EXIT_MS = 2000;

/** How often it looks, in milliseconds. */
const LOOK_MS = 5;

type Guard = ChildProcessByStdio<Writable, Readable, Readable>;

const running = new Map<Guard, string>();

/**
 * Returns a path that no file has, for a program's temporary folder.
 *
 * @example
 * const folder = temporaryFolder();
 * startGuarded("redis-server", ["--dir", folder], { folder });
 */
export function temporaryFolder(): string {
  return join(tmpdir(), `headgate-${randomBytes(6).toString("hex")}`);
}

/**
 * Starts a program that ends when this process does: by its end, by an exit, or by SIGKILL, which this
 * process cannot hear of. lib/server/guard.mjs is the program's parent and watches this process. A Ctrl-C
 * in the terminal reaches neither: what it stops is for this process to decide.
 *
 * @throws nothing: a program that cannot be started ends at once, with status 1 and the reason in its output
 * @example
 * const redis = startGuarded("redis-server", ["--port", "0"]);
 * await redis.stop();
 */
export function startGuarded(
  program: string,
  args: readonly string[],
  { folder = temporaryFolder(), cwd, env }: GuardedOptions = {},
): Guarded {
  const guard = spawn(process.execPath, [GUARD, folder, program, ...args], {
    stdio: ["pipe", "pipe", "pipe"],
    cwd,
    env,
    detached: true,
    windowsHide: true,
  });
  if (running.size === 0) process.once("exit", endAll);
  running.set(guard, folder);
  const ended = once(guard, "close").then(([code]: (number | null)[]) => {
    running.delete(guard);
    if (running.size === 0) process.off("exit", endAll);
    return code ?? null;
  });
  // A guard that has ended took the other end of the pipe with it.
  guard.stdin.on("error", () => {});
  return {
    output: [guard.stdout, guard.stderr],
    ended,
    async stop() {
      guard.stdin.destroy();
      await ended;
    },
  };
}

/** An exit awaits no promise; so it looks for the folders, which go last. */
function endAll(): void {
  for (const guard of running.keys()) guard.stdin.destroy();
  const folders = [...running.values()];
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; waited < EXIT_MS && folders.some(existsSync); waited += LOOK_MS) {
    Atomics.wait(sleeper, 0, 0, LOOK_MS);
  }
}
