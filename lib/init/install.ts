import { spawnSync } from "node:child_process";
import { HeadgateError } from "#lib/core/errors";

/**
 * Installs Headgate with the app's package manager, and shows its output.
 *
 * @throws {HeadgateError} INIT_INSTALL_FAILED
 */
export function runInstall(folder: string, command: readonly string[]): void {
  const [program = "", ...args] = command;
  const isWindows = process.platform === "win32";
  const { status } = spawnSync(program, args, { cwd: folder, stdio: "inherit", shell: isWindows });
  if (status === 0) return;
  throw new HeadgateError(
    "INIT_INSTALL_FAILED",
    `The files are written, but Headgate is not installed: ${command.join(" ")} failed. Run it yourself in ${folder}.`,
  );
}
