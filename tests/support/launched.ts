import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import { ROOT } from "./app.ts";
import { MACHINE } from "./machine.ts";

/** A program that leads a process group, as in a terminal. Its temporary folders are visible to the test. */
export interface Launched {
  /** The output so far. */
  output(): string;
  /** Resolves when the program has printed text that matches. Rejects when it ended before. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  /** The running descendants of the program. */
  descendants(): Started[];
  /** Sends a signal to its whole group, as Ctrl-C does. */
  signalGroup(signal: NodeJS.Signals): void;
  signal(signal: NodeJS.Signals): void;
  /** Resolves to the exit status, after the program has ended and its output was read. */
  readonly ended: Promise<number | null>;
  /** The names of the files and folders in its folder for temporary files. */
  temporary(): string[];
  remove(): Promise<void>;
}

export interface Started {
  readonly pid: number;
  /** The start time, because another process may get its id later. */
  readonly since: string;
}

/** How long a program may take to print an awaited text, in milliseconds. */
const PRINTED_MS = 60_000;

/** How long a child may outlive its parent, in milliseconds. */
const OUTLIVE_MS = 20_000;

/** Starts a program with {@link MACHINE} and the given variables, and no others of this machine. */
export function launch(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd = ROOT,
): Launched {
  const folder = mkdtempSync(join(tmpdir(), "headgate-launched-"));
  const child: ChildProcess = spawn(program, [...args], {
    cwd,
    env: {
      ...MACHINE,
      TMPDIR: folder,
      NODE_ENV: "production",
      NEXT_TELEMETRY_DISABLED: "1",
      // npm must not check for updates of itself.
      npm_config_update_notifier: "false",
      // A server that stops waits for the end of its metrics window.
      METRICS_WINDOW_MS: "100",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const pid = child.pid ?? 0;
  const ended = once(child, "close").then(() => child.exitCode);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  }
  return {
    output: () => output,
    // Concurrent tests cannot share expect.poll.
    async printed(pattern) {
      const found = () => pattern.exec(output);
      const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
      const latest = performance.now() + PRINTED_MS;
      while (!hasEnded() && !found() && performance.now() < latest) await pause(20);
      const match = found();
      if (match) return match;
      const what = hasEnded() ? `ended with ${await ended}` : `has not printed ${pattern}`;
      throw new Error(`${what}:\n${output}`);
    },
    descendants: () => descendantsOf(pid),
    signalGroup: (signal) => void process.kill(-pid, signal),
    signal: (signal) => void child.kill(signal),
    ended,
    temporary: () => readdirSync(folder),
    async remove() {
      const started = descendantsOf(pid);
      if (child.exitCode === null && child.signalCode === null) process.kill(-pid, "SIGKILL");
      await ended;
      for (const one of started.filter(isAlive)) process.kill(one.pid, "SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Expects that within 20 s none of these processes and no temporary file of the program is left. */
export async function expectNothingLeft(
  program: Pick<Launched, "temporary">,
  started: readonly Started[],
): Promise<void> {
  const left = () => ({ processes: started.filter(isAlive), files: program.temporary() });
  await expect.poll(left, { timeout: OUTLIVE_MS }).toEqual({ processes: [], files: [] });
}

function isAlive(one: Started): boolean {
  return processes().some(({ pid, since }) => pid === one.pid && since === one.since);
}

function descendantsOf(pid: number): Started[] {
  const all = processes();
  const below = (parent: number): typeof all =>
    all.flatMap((one) => (one.parent === parent ? [one, ...below(one.pid)] : []));
  return below(pid).map(({ pid: id, since }) => ({ pid: id, since }));
}

/** All running processes, without zombies. */
function processes() {
  const text = execFileSync("ps", ["-eo", "pid=,ppid=,stat=,lstart="], { encoding: "utf8" });
  return [...text.matchAll(/^ *(\d+) +(\d+) +([^Z\s]\S*) +(.*)$/gm)].map(
    ([, pid, parent, , since = ""]) => ({ pid: Number(pid), parent: Number(parent), since }),
  );
}
