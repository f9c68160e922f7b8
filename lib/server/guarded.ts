import { type ChildProcessByStdio, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";

/** A program with a temporary folder. The program is killed and the folder removed when this process ends, even by SIGKILL. */
export interface Guarded {
  /** The program's standard output and standard error. */
  readonly output: readonly [Readable, Readable];
  /** Resolves to the exit status when the program has ended, its folder was removed and its output was read. */
  readonly ended: Promise<number | null>;
  /** Kills the program; resolves when it has ended and its folder was removed. */
  stop(): Promise<void>;
}

export interface GuardedOptions {
  /**
   * The program's temporary folder, which is made for it.
   * @default a new path of {@link temporaryFolder}
   * @example
   * const folder = temporaryFolder();
   * startGuarded("redis-server", ["--dir", folder], { folder });
   */
  readonly folder?: string;
  /**
   * The folder in which the program runs.
   * @default the folder of this process
   * @example
   * startGuarded("redis-server", ["--port", "0"], { cwd: root });
   */
  readonly cwd?: string;
  /**
   * The variables of the program.
   * @default the variables of this process
   * @example
   * startGuarded("redis-server", ["--port", "0"], { env: { ...process.env, LC_ALL: "C" } });
   */
  readonly env?: NodeJS.ProcessEnv;
}

const GUARD = join(import.meta.dirname, "guard.mjs");

/** How long an exit waits for programs to end, in milliseconds. */
const EXIT_MS = 2000;

/** The time between two looks at the folders, in milliseconds. */
const LOOK_MS = 5;

type Guard = ChildProcessByStdio<Writable, Readable, Readable>;

const running = new Map<Guard, string>();

/**
 * Returns a new path for a program's temporary folder.
 *
 * @example
 * const folder = temporaryFolder();
 * startGuarded("redis-server", ["--dir", folder], { folder });
 */
export function temporaryFolder(): string {
  return join(tmpdir(), `headgate-${randomBytes(6).toString("hex")}`);
}

/**
 * Starts a program that ends when this process ends: normally, by an exit, or by SIGKILL, which this process
 * cannot handle. lib/server/guard.mjs is the program's parent and watches this process. A Ctrl-C in the
 * terminal reaches neither program nor guard, so this process decides what it stops.
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
  // The other end of the pipe closes when the guard ends, which is an error here.
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

/** Ends all programs at an exit. An exit awaits no promise, so it polls for the folders, which are removed last. */
function endAll(): void {
  for (const guard of running.keys()) guard.stdin.destroy();
  const folders = [...running.values()];
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; waited < EXIT_MS && folders.some(existsSync); waited += LOOK_MS) {
    Atomics.wait(sleeper, 0, 0, LOOK_MS);
  }
}
