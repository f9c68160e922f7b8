import { spawn } from "node:child_process";
import { once } from "node:events";

/** The result of a command. */
export interface Ran {
  readonly status: number | null;
  /** The text of both outputs. */
  readonly output: string;
}

/** How long a command may take, in milliseconds. */
const LONGEST_MS = 300_000;

/** The environment of this process without npm's variables for a script of this repository. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const own =
    /^npm_(?:lifecycle|package|command|execpath|node|config_(?:(?:local|global)_prefix|save))/;
  const entries = Object.entries(process.env).filter(([name]) => !own.test(name));
  const rest = Object.fromEntries(entries) as NodeJS.ProcessEnv;
  return { ...rest, NEXT_TELEMETRY_DISABLED: "1", CI: "1" };
}

/** Runs a command in a folder until it ends. */
export async function tryCommand(
  cwd: string,
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const child = spawn(command, args, {
    cwd,
    env: { ...cleanEnvironment(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: LONGEST_MS,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  }
  const [status] = (await once(child, "close")) as [number | null];
  return { status, output };
}

/**
 * Runs a command that must succeed, and resolves to its output.
 *
 * @throws {Error} with the end of the output when the command fails
 */
export async function runCommand(
  cwd: string,
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { status, output } = await tryCommand(cwd, command, args, env);
  if (status === 0) return output;
  const words = [command, ...args].join(" ");
  throw new Error(`${words} ended with ${status}:\n${output.slice(-3000)}`);
}
