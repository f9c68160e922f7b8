import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FINDING_CODES } from "#lib/audit/findings";
import { ERROR_GROUPS } from "#lib/cli/reference/errors";
import { PROBLEM_CODES } from "#lib/policy/codes";
import { copyDocs } from "../../../config/package/docs.ts";
import { publishedManifest } from "../../../config/package/manifest.ts";
import { ROOT } from "../../support/app.ts";
import { anchorsOf } from "../../support/anchors.ts";
import { printedPaths } from "../../support/printed-paths.ts";

let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "headgate-docs-"));
  copyDocs(ROOT, folder);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const read = (page: string) => readFileSync(join(folder, "docs", page), "utf8");

test("the package's files include its docs", () => {
  const { files } = publishedManifest({ name: "headgate", version: "0.0.0", exports: {} });
  expect(files).toContain("docs/**");
});

test("the package has each page that the code prints, with its anchor", () => {
  const printed = printedPaths();
  expect(printed.length).toBeGreaterThan(10);
  const wrong = printed.filter(
    ({ page, anchor }) =>
      !existsSync(join(folder, "docs", page)) ||
      (anchor !== undefined && !anchorsOf(read(page)).includes(anchor)),
  );
  expect(wrong).toEqual([]);
});

test("each path that the code prints begins with the name of the package", () => {
  expect(printedPaths().filter(({ hasPackage }) => !hasPackage)).toEqual([]);
});

test.each([
  ["reference/policy-errors.md", PROBLEM_CODES],
  ["reference/audit-findings.md", FINDING_CODES],
  ["reference/errors.md", Object.values(ERROR_GROUPS).flatMap((group) => Object.keys(group))],
] as const)("docs/%s of the package has an anchor for each code", (page, codes) => {
  const anchors = new Set(anchorsOf(read(page)));
  expect(codes.filter((code) => !anchors.has(code.toLowerCase()))).toEqual([]);
});

test("links of the package's docs lead to pages of the package", () => {
  const pages = globSync("docs/**/*.md", { cwd: folder });
  const broken = pages.flatMap((page) =>
    [...readFileSync(join(folder, page), "utf8").matchAll(/\]\((?!https?:|mailto:|#)([^)\s#]+)/g)]
      .filter(([, link = ""]) => !existsSync(join(folder, dirname(page), link)))
      .map(([, link]) => `${page}: ${link}`),
  );
  expect(pages.length).toBeGreaterThan(20);
  expect(broken).toEqual([]);
});

test("no file of the package's docs has more than 100 kB", () => {
  const files = globSync("docs/**/*.*", { cwd: folder });
  expect(files.filter((file) => statSync(join(folder, file)).size > 100_000)).toEqual([]);
});
