import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { examplesOf, readEntries } from "../support/api.ts";
import { ROOT } from "../support/app.ts";
import { complaintsOf } from "../support/compile.ts";
import { EXAMPLE_OPTIONS, moduleOf } from "../support/example-module.ts";

/** A folder within the tree, so that packages and `#lib/…` imports are found. */
const FOLDER = join(ROOT, ".headgate", `examples-${process.pid}`);

afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

test("the example of each public function compiles", () => {
  mkdirSync(FOLDER, { recursive: true });
  const values = readEntries().flatMap((entry) => entry.values);
  for (const [i, { name, doc }] of values.entries()) {
    for (const [at, code] of examplesOf(doc).entries()) {
      // Names may differ in case alone, but names of files must not.
      writeFileSync(join(FOLDER, `${i}-${name}-${at + 1}.ts`), moduleOf(code));
    }
  }
  const settings = {
    extends: "../../tsconfig.json",
    compilerOptions: EXAMPLE_OPTIONS,
    include: ["*.ts"],
    files: ["../../tests/fixtures/examples/context.ts"],
    exclude: [],
  };
  expect(complaintsOf(FOLDER, settings)).toBe("");
}, 120_000);
