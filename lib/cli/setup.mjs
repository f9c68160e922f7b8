// Installs what package-lock.json names when it is not there yet. Plain JavaScript on purpose: the
// first run has only the machine's own Node, 20 or later.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

if (!isInstalled()) install();

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

function install() {
  console.log("headgate: installing packages with npm ci (a minute, the first time) ...");
  const done = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (done.status === 0) return;
  console.error("headgate: npm ci failed; what it printed above says why.");
  process.exit(done.status ?? 1);
}
