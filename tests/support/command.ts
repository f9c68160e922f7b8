import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./app.ts";
import { MACHINE } from "./machine.ts";

/** Variables of a command. */
export type Env = Readonly<Record<string, string>>;

/** The result of a command. */
export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const BIN = join(ROOT, "lib", "cli", "headgate.ts");

/**
 * Makes the folder of an app with a policy, within this tree, so that the app finds Next.
 *
 * @param files further files by path, also replacements of package.json and the policy
 */
export function makeAppFolder(files: Readonly<Record<string, string>>): string {
  const parent = join(ROOT, ".headgate");
  mkdirSync(parent, { recursive: true });
  const root = mkdtempSync(join(parent, "app-"));
  for (const [path, text] of Object.entries({ "package.json": '{ "name": "shop" }', ...files })) {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

/** Runs a headgate command in a separate process without a terminal. */
export function runCommand(cwd: string, env: Env, ...args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [BIN, ...args],
      { cwd, env: whole(env) },
      (_, stdout, stderr) => resolve({ status: child.exitCode ?? -1, stdout, stderr }),
    );
    child.stdin?.end();
  });
}

/** Types an answer to the question of a command in a terminal, and resolves to the text of the terminal. */
export function answerCommand(
  cwd: string,
  env: Env,
  args: readonly string[],
  answer: string,
): Promise<string> {
  const words = [process.execPath, BIN, ...args];
  const command = words.map((word) => `'${word}'`).join(" ");
  return new Promise((resolve) => {
    const child = execFile(
      "script",
      ["-qec", command, "/dev/null"],
      { cwd, env: whole({ NO_COLOR: "1", ...env }) },
      (_, stdout) => resolve(stdout),
    );
    child.stdin?.end(`${answer}\n`);
  });
}

function whole(env: Env): NodeJS.ProcessEnv {
  return { ...MACHINE, ...env } as unknown as NodeJS.ProcessEnv;
}
