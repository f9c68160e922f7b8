import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import policy from "#config/rate-limits";
import { ROOT } from "../support/app.ts";
import { complaintsOf } from "../support/compile.ts";

/** A folder within the tree, so that packages and `#lib/…` imports are found. */
const FOLDER = join(ROOT, ".headgate", `docs-code-${process.pid}`);

interface Block {
  readonly page: string;
  readonly file: string;
  readonly code: string;
}

const BLOCKS = ["README.md", ...globSync("docs/reference/*.md", { cwd: ROOT })].flatMap(blocksOf);

function blocksOf(page: string): Block[] {
  const text = readFileSync(join(ROOT, page), "utf8");
  return [...text.matchAll(/^```(tsx?)\n(.*?)^```$/gms)].map(
    ([, language = "", code = ""], at) => ({
      page,
      file: join(FOLDER, `${page.replaceAll(/\W/g, "-")}-${at + 1}.${language}`),
      code,
    }),
  );
}

/** Returns the code block for a file, which the first line of the block names. */
function blockFor(name: string): Block {
  const found = BLOCKS.find(({ code }) => code.startsWith(`// ${name}\n`));
  if (!found) throw new Error(`No code on these pages begins with "// ${name}".`);
  return found;
}

beforeAll(() => {
  mkdirSync(FOLDER, { recursive: true });
  for (const { file, code } of BLOCKS) writeFileSync(file, code);
});

afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

test("the code of README.md and docs/reference compiles with the repository's own settings", () => {
  const settings = {
    extends: "../../tsconfig.json",
    compilerOptions: { incremental: false, tsBuildInfoFile: null },
    include: ["*.ts", "*.tsx"],
    exclude: [],
  };
  expect(complaintsOf(FOLDER, settings)).toBe("");
});

test("the middleware in README.md is the sample's", () => {
  const sample = readFileSync(join(ROOT, "middleware.ts"), "utf8");
  expect(blockFor("middleware.ts").code).toBe(`// middleware.ts\n${sample}`);
});

test("the policy in README.md is a part of the sample's", async () => {
  const { file } = blockFor("config/rate-limits.ts");
  const shown = (await import(file)) as { readonly default: object };
  expect(policy).toMatchObject(shown.default);
});
