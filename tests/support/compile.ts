import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./app.ts";

/** Compiles a folder with the given settings, without output, and returns the errors of tsc. */
export function complaintsOf(folder: string, settings: object): string {
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(settings));
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, "--project", folder], {
    encoding: "utf8",
  });
  return status === 0 ? "" : `${stdout}${stderr}tsc ended with ${status}.`;
}
