import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import policy from "#config/rate-limits";
import { ROOT } from "../support/app.ts";
import { blocksOf, complaintsOfPages, readersPages } from "../support/snippets.ts";

/** A folder within the tree, so that packages and `#lib/…` imports are found. */
const FOLDER = join(ROOT, ".headgate", `docs-code-${process.pid}`);

afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

/** Its code imports @playwright/test, which is not installed here. `npm run test:testing` runs that code. */
const PLAYWRIGHT = "docs/guides/testing-end-to-end.md";

test("the code of README.md and of each page compiles", () => {
  mkdirSync(FOLDER, { recursive: true });
  const pages = readersPages().filter((page) => page !== PLAYWRIGHT);
  const complaints = complaintsOfPages(pages, FOLDER);
  expect([...complaints].map(([page, errors]) => `${page}\n${errors}`).join("\n\n")).toBe("");
}, 120_000);

/** Returns the code of the block of README.md for a file, which its first line names. */
function blockFor(name: string): string {
  const found = blocksOf("README.md").find(({ code }) => code.startsWith(`// ${name}\n`));
  if (!found) throw new Error(`No code of README.md begins with "// ${name}".`);
  return found.code;
}

test("the middleware in README.md is the sample's", () => {
  const sample = readFileSync(join(ROOT, "middleware.ts"), "utf8");
  expect(blockFor("middleware.ts")).toBe(`// middleware.ts\n${sample}`);
});

test("the policy in README.md is a part of the sample's", async () => {
  const file = join(FOLDER, "shown-policy.ts");
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(file, blockFor("config/rate-limits.ts"));
  const shown = (await import(file)) as { readonly default: object };
  expect(policy).toMatchObject(shown.default);
});
