import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

/** The package.json of an app of Next 16. */
export const NEXT_16 = JSON.stringify({
  private: true,
  scripts: { dev: "next dev", build: "next build" },
  dependencies: { next: "^16.0.0" },
});

/**
 * Makes a folder with these files, and removes it after the test.
 *
 * @param files the text of each by its path; package.json is that of Next 16 unless it is given
 * @param above the parent folder
 */
export function madeApp(files: Readonly<Record<string, string>>, above = tmpdir()): string {
  mkdirSync(above, { recursive: true });
  const folder = mkdtempSync(join(above, "headgate-init-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries({ "package.json": NEXT_16, ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}
