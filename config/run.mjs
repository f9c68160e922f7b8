// node config/run.mjs <file or program> [argument …]
//
// Every script of package.json runs through this file. It installs what package-lock.json names where
// that is not there yet, and then becomes the command: a file of this tree, or a program of
// node_modules/.bin, under the Node that is installed there. Plain JavaScript on purpose: the first run
// has only the machine's own Node, 20 or later. docs/decisions/049-one-dispatcher.md says why it is so.
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
// On Windows a console's Ctrl-C reaches all, and no process can see that its parent has ended.
const followsNpm = process.env["npm_lifecycle_event"] !== undefined && !isWindows;
const npm = process.ppid;

const [command, ...args] = process.argv.slice(2);
if (command === undefined) fail("usage: node config/run.mjs <file or program> [argument …]", 2);

if (followsNpm) endWith(npm);
await installWhereNeeded(root);
process.env["PATH"] = [programs, process.env["PATH"]].join(delimiter);
await become(...commandLine());

/** A Node program with its arguments, and with what listens for the end of npm. */
function commandLine() {
  const first = followsNpm ? ["--import", WITH_NPM] : [];
  if (/\.m?[jt]s$/.test(command))
    return [installedNode(), [...first, join(root, command), ...args]];
  const program = join(programs, command);
  if (!existsSync(program)) fail(`headgate: there is no program ${program}.`, 127);
  // There npm writes a script for cmd in the place of a link.
  if (isWindows) return ["cmd", ["/c", command, ...args]];
  return [installedNode(), [...first, realpathSync(program), ...args]];
}

/** The Node of node_modules: its install script brings it there, unless npm was told to run none. */
function installedNode() {
  const node = join(root, "node_modules", "node", "bin", isWindows ? "node.exe" : "node");
  if (existsSync(node)) return node;
  if (Number.parseInt(process.versions.node, 10) >= 24) return process.execPath;
  return fail(`headgate: there is no ${node}; run npm ci with its install scripts, or Node 24.`, 1);
}

/** Takes this process for the program; a Node that cannot do that, before 22.15, waits for it instead. */
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
