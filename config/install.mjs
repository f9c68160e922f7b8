// Installs the packages of package-lock.json. It is plain JavaScript for the reason that run.mjs names.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Runs npm ci when node_modules is missing or out of date; ends the process when npm ci fails. */
export async function installWhereNeeded(root) {
  if (!isInstalled(root)) await install(root);
}

/**
 * npm records what it installed; the record must contain every package of the lockfile that is not
 * optional.
 */
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
  // The pipe ends with this process, however it ends, and npm ends with the pipe. Standard output
  // belongs to the command: TOKEN=$(npm run --silent token -- …) must not contain npm's output.
  const installing = spawn(process.execPath, [guard, folder, ...ci], {
    cwd: root,
    stdio: ["pipe", 2, 2],
    detached: true,
    windowsHide: true,
  });
  const [status] = await once(installing, "exit");
  if (status === 0) return;
  console.error("headgate: npm ci failed; its output above has the reason.");
  process.exit(status ?? 1);
}
