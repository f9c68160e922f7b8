import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ROOT } from "../../support/app.ts";
import { complaintsOf } from "../../support/compile.ts";

/** A folder within the tree, so that packages are found. */
const FOLDER = join(ROOT, ".headgate", `identities-${process.pid}`);
const GUIDE = readFileSync(join(ROOT, "docs", "guides", "identities.md"), "utf8");
const BLOCKS = [...GUIDE.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ""]) => code);

afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

test("the code of docs/guides/identities.md compiles, and imports each entry for sessions", () => {
  const all = BLOCKS.join("");
  for (const library of ["authjs", "better-auth", "clerk", "supabase"]) {
    expect(all).toContain(`"headgate/identities/${library}"`);
  }
  mkdirSync(FOLDER, { recursive: true });
  for (const [i, code] of BLOCKS.entries()) writeFileSync(join(FOLDER, `${i}.ts`), code);
  const settings = {
    extends: "../../tsconfig.json",
    compilerOptions: { incremental: false, tsBuildInfoFile: null },
    include: ["*.ts"],
    exclude: [],
  };
  expect(complaintsOf(FOLDER, settings)).toBe("");
});
