import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import policy from "#config/rate-limits";
import { ROOT } from "../support/app.ts";
import { blocksOf, complaintsOfPages, readersPages } from "../support/snippets.ts";

/** A folder within the tree, so that packages and `#lib/…` imports are found. */
const FOLDER = join(ROOT, ".headgate", `docs-code-${process.pid}`);

afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

/** Pages whose code does not compile yet. A page that compiles must leave this list. */
const PENDING: readonly string[] = [
  "docs/guides/audit.md",
  "docs/guides/customers.md",
  "docs/guides/dedup.md",
  "docs/guides/locks.md",
  "docs/guides/policy.md",
  "docs/guides/testing.md",
  "docs/operate/dashboard.md",
  "docs/operate/health.md",
  "docs/operate/incident.md",
  "docs/start/from-upstash-ratelimit.md",
];

test("the code of README.md and of each page compiles, but for the pages that are listed here", () => {
  mkdirSync(FOLDER, { recursive: true });
  const complaints = complaintsOfPages(readersPages(), FOLDER);
  const unexpected = [...complaints].filter(([page]) => !PENDING.includes(page));
  expect(unexpected.map(([page, errors]) => `${page}\n${errors}`).join("\n\n")).toBe("");
  expect(PENDING.filter((page) => !complaints.has(page))).toEqual([]);
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
