// node guard.mjs <folder> <program> [argument …]
//
// Runs a program for another process, with a temporary folder, and ends both when that process ends,
// even by SIGKILL. Standard input is a pipe, and only that process holds its other end: the pipe ends
// when the process stops the program, exits or is killed. Plain JavaScript on purpose: it is copied into
// a package as it is, and runs on Node 20.
import { spawn } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";

const [folder, program, ...args] = process.argv.slice(2);
const hasGroups = process.platform !== "win32";

// A signal to a whole service or session is meant for the process that started this one, which then ends the
// pipe. If this process ended first, the program would keep running.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});

mkdirSync(folder, { mode: 0o700 });
const child = spawn(program, args, {
  stdio: ["ignore", "inherit", "inherit"],
  env: { ...process.env, TMPDIR: folder, TEMP: folder, TMP: folder },
  // The program leads a group, so that the processes that it starts end with it.
  detached: hasGroups,
  windowsHide: true,
});
child.once("error", (error) => {
  console.error(error.message);
  end(1);
});
child.once("exit", (code) => end(code ?? 1));

process.stdin
  .on("error", () => {})
  .once("close", killProgram)
  .resume();

/** Kills the program. Its exit was not read yet, so no other process can have its id. */
function killProgram() {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(hasGroups ? -child.pid : child.pid, "SIGKILL");
  } catch {
    // The program has just ended, and its exit event comes next.
  }
}

/** @param {number} status */
function end(status) {
  // Processes that the program started may still be ending, and writing.
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  process.exit(status);
}
