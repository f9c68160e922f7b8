import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import { ROOT } from "./app.ts";
import { MACHINE } from "./machine.ts";

/** A program as a terminal starts it: it leads a group, and its temporary folders can be seen. */
export interface Launched {
  /** What it printed so far. */
  output(): string;
  /** Resolves when the program has printed text that matches; rejects when it ended before. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  /** The processes that it started and that run now, and theirs. */
  descendants(): Started[];
  /** Sends a signal to its whole group, as Ctrl-C does. */
  signalGroup(signal: NodeJS.Signals): void;
  signal(signal: NodeJS.Signals): void;
  /** The exit status, once it has ended and what it printed was read. */
  readonly ended: Promise<number | null>;
  /** The names of the files and folders in its folder for temporary files. */
  temporary(): string[];
  remove(): Promise<void>;
}

export interface Started {
  readonly pid: number;
  /** When it was started: another process may have its id later. */
  readonly since: string;
}

/** How long a program may take to print what is waited for, in milliseconds. */
const PRINTED_MS = 60_000;

/** How long a child may outlive what started it, in milliseconds. */
const OUTLIVE_MS = 5000;

/** Starts a program with {@link MACHINE} and the variables that it is given, and no others of this machine. */
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
      // npm's own files, of which it asks and keeps what it likes.
      npm_config_update_notifier: "false",
      // A server that is told to stop waits for what is counted in its window.
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
    // Without expect.poll, which tests that run at once cannot share.
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

/** Expects that none of these processes, and no temporary file of the program, is left within 5 s. */
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

/** All that run now, but for those that have ended and were not waited for. */
function processes() {
  const text = execFileSync("ps", ["-eo", "pid=,ppid=,stat=,lstart="], { encoding: "utf8" });
  return [...text.matchAll(/^ *(\d+) +(\d+) +([^Z\s]\S*) +(.*)$/gm)].map(
    ([, pid, parent, , since = ""]) => ({ pid: Number(pid), parent: Number(parent), since }),
  );
}
