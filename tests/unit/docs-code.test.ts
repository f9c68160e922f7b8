import { spawnSync } from "node:child_process";
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ROOT } from "../support/app.ts";

/** Within the tree, so that its packages and its names of folders are found. */
const FOLDER = join(ROOT, ".headgate", `docs-code-${process.pid}`);

afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

test("the code of README.md and docs/reference compiles, by the repository's own settings", () => {
  const blocks = ["README.md", ...globSync("docs/reference/*.md", { cwd: ROOT })].flatMap((page) =>
    [...readFileSync(join(ROOT, page), "utf8").matchAll(/^```(tsx?)\n(.*?)^```$/gms)].map(
      ([, language = "ts", code = ""], at) => ({
        file: `${page.replaceAll(/\W/g, "-")}-${at + 1}.${language}`,
        code,
      }),
    ),
  );
  mkdirSync(FOLDER, { recursive: true });
  for (const { file, code } of blocks) writeFileSync(join(FOLDER, file), code);
  const settings = {
    extends: "../../tsconfig.json",
    compilerOptions: { incremental: false, tsBuildInfoFile: null },
    include: ["*.ts", "*.tsx"],
    exclude: [],
  };
  writeFileSync(join(FOLDER, "tsconfig.json"), JSON.stringify(settings));
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  const { status, stdout } = spawnSync(process.execPath, [tsc, "--project", FOLDER], {
    cwd: FOLDER,
    encoding: "utf8",
  });
  expect(blocks.length).toBeGreaterThan(1);
  expect(stdout).toBe("");
  expect(status).toBe(0);
});
