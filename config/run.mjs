// node config/run.mjs <file or program> [argument …]
//
// Every script of package.json runs through this file. It installs the packages of package-lock.json when
// they are missing. Then it becomes the command: a file of this tree, or a program of node_modules/.bin,
// under the Node that is installed there. It is plain JavaScript, because the first run has only the
// machine's Node, 20 or later. docs/decisions/049-one-dispatcher.md has the reasons.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { installWhereNeeded } from "./install.mjs";
import { endWith, PARENT, WITH_NPM } from "./with-npm.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const programs = join(root, "node_modules", ".bin");
const isWindows = process.platform === "win32";
// On Windows, Ctrl-C in a console reaches all processes, and no process can see that its parent has
// ended.
const followsNpm = process.env["npm_lifecycle_event"] !== undefined && !isWindows;
const npm = process.ppid;

const [command, ...args] = process.argv.slice(2);
if (command === undefined) fail("usage: node config/run.mjs <file or program> [argument …]", 2);

if (followsNpm) endWith(npm);
await installWhereNeeded(root);
process.env["PATH"] = [programs, process.env["PATH"]].join(delimiter);
await become(...commandLine());

/** Returns a Node program with its arguments, and with the module that watches for the end of npm. */
function commandLine() {
  const first = followsNpm ? ["--import", WITH_NPM] : [];
  if (/\.m?[jt]s$/.test(command))
    return [installedNode(), [...first, join(root, command), ...args]];
  const program = join(programs, command);
  if (!existsSync(program)) fail(`headgate: the program ${program} does not exist.`, 127);
  // On Windows npm writes a script for cmd instead of a link.
  if (isWindows) return ["cmd", ["/c", command, ...args]];
  return [installedNode(), [...first, realpathSync(program), ...args]];
}

/** Returns the Node of node_modules, which its install script downloads unless npm runs no scripts. */
function installedNode() {
  const node = join(root, "node_modules", "node", "bin", isWindows ? "node.exe" : "node");
  if (existsSync(node)) return node;
  if (Number.parseInt(process.versions.node, 10) >= 24) return process.execPath;
  return fail(
    `headgate: ${node} does not exist. Run npm ci with install scripts, or use Node 24.`,
    1,
  );
}

/**
 * Replaces this process by the program; a Node before 22.15 cannot do so and waits for the program
 * instead.
 */
async function become(program, programArgs) {
  if (process.execve) {
    if (followsNpm) process.env[PARENT] = String(npm);
    process.execve(program, [program, ...programArgs], process.env);
  }
  if (followsNpm) process.env[PARENT] = String(process.pid);
  const child = spawn(program, programArgs, { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => child.kill(signal));
  }
  const [code, signal] = await once(child, "exit");
  if (signal === null) process.exit(code);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

function fail(why, status) {
  console.error(why);
  process.exit(status);
}
