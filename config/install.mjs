// Installs what package-lock.json names. Plain JavaScript on purpose: see run.mjs.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Runs npm ci where node_modules is missing or stale; ends the process where npm ci fails. */
export async function installWhereNeeded(root) {
  if (!isInstalled(root)) await install(root);
}

/** npm writes down what it installed; it must hold every package of the lockfile that is not optional. */
function isInstalled(root) {
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

async function install(root) {
  console.error("headgate: installing packages with npm ci (a minute, the first time) ...");
  const npm = process.platform === "win32" ? ["cmd", "/c", "npm"] : ["npm"];
  const ci = [...npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"];
  const guard = join(root, "lib", "server", "guard.mjs");
  const folder = join(tmpdir(), `headgate-${randomBytes(6).toString("hex")}`);
  // The pipe ends with this process, however it ends, and then so does npm. Output is the command's:
  // what is printed here must not stand in TOKEN=$(npm run --silent token -- …).
  const installing = spawn(process.execPath, [guard, folder, ...ci], {
    cwd: root,
    stdio: ["pipe", 2, 2],
    detached: true,
    windowsHide: true,
  });
  const [status] = await once(installing, "exit");
  if (status === 0) return;
  console.error("headgate: npm ci failed; what it printed above says why.");
  process.exit(status ?? 1);
}
