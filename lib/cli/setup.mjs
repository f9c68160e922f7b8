// Installs what package-lock.json names when it is not there yet. Plain JavaScript on purpose: the
// first run has only the machine's own Node, 20 or later.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

if (!isInstalled()) await install();

/** npm writes down what it installed; it must hold every package of the lockfile that is not optional. */
function isInstalled() {
  const record = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(record)) return false;
  const installed = JSON.parse(readFileSync(record, "utf8")).packages;
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  return Object.entries(wanted).every(
    ([path, { version, optional, devOptional, peer }]) =>
      path === "" ||
      optional ||
      devOptional ||
      (peer && !installed[path]) ||
      installed[path]?.version === version,
  );
}

async function install() {
  console.log("headgate: installing packages with npm ci (a minute, the first time) ...");
  const npm = process.platform === "win32" ? ["cmd", "/c", "npm"] : ["npm"];
  const ci = [...npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"];
  const guard = join(root, "lib", "server", "guard.mjs");
  const folder = join(tmpdir(), `headgate-${randomBytes(6).toString("hex")}`);
  // The pipe ends with this process, however it ends, and then so does npm.
  const installing = spawn(process.execPath, [guard, folder, ...ci], {
    cwd: root,
    stdio: ["pipe", "inherit", "inherit"],
    detached: true,
    windowsHide: true,
  });
  const [status] = await once(installing, "exit");
  if (status === 0) return;
  console.error("headgate: npm ci failed; what it printed above says why.");
  process.exit(status ?? 1);
}
