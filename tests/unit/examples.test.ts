import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { examplesOf, readEntries } from "../support/api.ts";
import { ROOT } from "../support/app.ts";
import { complaintsOf } from "../support/compile.ts";

/** A folder within the tree, so that packages and `#lib/…` imports are found. */
const FOLDER = join(ROOT, ".headgate", `examples-${process.pid}`);

const ENTRIES = readEntries();

afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

/** Returns an example as a module, which imports the public names that it uses, and may return. */
function moduleOf(code: string): string {
  const imports = ENTRIES.flatMap(({ name, values, types }) => {
    const used = [...values.map((value) => value.name), ...types].filter((one) =>
      new RegExp(`(?<![\\w"]|[^.]\\.)${one}\\b`).test(code),
    );
    return used.length > 0 ? [`import { ${used.join(", ")} } from "${name}";`] : [];
  });
  const body = /^(?:import|export) /m.test(code)
    ? code
    : `export async function example() {\n${code}\n}`;
  return `${imports.join("\n")}\n${body}\n`;
}

test("the example of each public function compiles", () => {
  mkdirSync(FOLDER, { recursive: true });
  const values = ENTRIES.flatMap((entry) => entry.values);
  for (const [i, { name, doc }] of values.entries()) {
    for (const [at, code] of examplesOf(doc).entries()) {
      // Names may differ in case alone, but names of files must not.
      writeFileSync(join(FOLDER, `${i}-${name}-${at + 1}.ts`), moduleOf(code));
    }
  }
  const settings = {
    extends: "../../tsconfig.json",
    compilerOptions: {
      incremental: false,
      tsBuildInfoFile: null,
      noUnusedLocals: false,
      noImplicitReturns: false,
      verbatimModuleSyntax: false,
    },
    include: ["*.ts"],
    files: ["../../tests/fixtures/examples/context.ts"],
    exclude: [],
  };
  expect(complaintsOf(FOLDER, settings)).toBe("");
});
