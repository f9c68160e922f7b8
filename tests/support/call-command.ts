import { Console } from "node:console";
import { vi } from "vitest";
import { headgate } from "#lib/cli/commands";
import type { Program } from "#lib/cli/program";
import { checkAsInDevelopment } from "#lib/policy/development";
import type { Env, Ran } from "./command.ts";
import { MACHINE } from "./machine.ts";
import { forgetEnvFiles, replaceVariables } from "./process-env.ts";

/**
 * Runs a headgate command in this process with a working folder and variables, and returns its output, as that
 * of a separate process without a terminal. It needs a fraction of the processor time of `runCommand`.
 * The policy of a folder is loaded once, so a test that changes a policy needs another folder.
 */
export function callCommand(cwd: string, env: Env, ...args: readonly string[]): Promise<Ran> {
  checkAsInDevelopment();
  return callProgram(headgate, { cwd, env, args });
}

interface Call {
  readonly cwd: string;
  readonly env: Env;
  readonly args: readonly string[];
}

let last: Promise<unknown> = Promise.resolve();

/** Runs a program in the same way. Programs that are called at once run one after another. */
export function callProgram(program: Program, call: Call): Promise<Ran> {
  const ran = last.then(() => runHere(program, call));
  last = ran.catch(() => {});
  return ran;
}

async function runHere(program: Program, { cwd, env, args }: Call): Promise<Ran> {
  const before = { cwd: process.cwd(), env: { ...process.env }, console: globalThis.console };
  const [stdout, stderr] = [capture(process.stdout), capture(process.stderr)];
  try {
    process.chdir(cwd);
    replaceVariables({ ...MACHINE, ...env });
    forgetEnvFiles();
    // The console of Vitest does not write to the output of the process.
    globalThis.console = new Console(process.stdout, process.stderr);
    const status = await program(args);
    return { status, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    stdout.stop();
    stderr.stop();
    globalThis.console = before.console;
    replaceVariables(before.env);
    process.chdir(before.cwd);
  }
}

function capture(stream: NodeJS.WriteStream) {
  let text = "";
  const write = vi.spyOn(stream, "write").mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  return { text: () => text, stop: () => write.mockRestore() };
}
