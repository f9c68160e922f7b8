import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { HeadgateError } from "#lib/core/errors";
import type { PlannedChange } from "./plan.ts";

/**
 * Writes the changes that a person has confirmed.
 *
 * @param folder the app's folder
 * @throws {HeadgateError} INIT_WRITE_FAILED, with the files that were written before the one that failed
 */
export function writeChanges(folder: string, changes: readonly PlannedChange[]): void {
  const written: string[] = [];
  for (const { path, after } of changes) {
    const file = join(folder, path);
    try {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, after);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const before = written.length > 0 ? `These were written: ${written.join(", ")}` : "None was";
      throw new HeadgateError(
        "INIT_WRITE_FAILED",
        `${path} cannot be written: ${why}. ${before}. Fix the cause, and run headgate init again: it writes the rest.`,
        { cause },
      );
    }
    written.push(path);
  }
}
