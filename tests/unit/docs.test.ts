import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { doubtOf } from "#lib/core/doubt";
import { ROOMS } from "../../rooms.ts";
import { CASES } from "../faults/cases.ts";
import { roomTable } from "../house/table.ts";
import { anchorsOf } from "../support/anchors.ts";
import { ROOT } from "../support/app.ts";

test.each([
  "requirements",
  "requirements-operation",
  "security-tests",
  "security-disclosure",
  "security-exhaustion",
])("docs/evidence/%s.md names tests that exist", (page) => {
  const text = readFileSync(join(ROOT, "docs", "evidence", `${page}.md`), "utf8");
  const named = [...text.matchAll(/`(tests\/[\w/.-]+\.ts)`((?:,? "[^"]+")*)/g)];
  expect(named.length).toBeGreaterThan(10);
  const missing = named.filter(([, file = "", titles = ""]) => {
    const path = join(ROOT, file);
    const source = existsSync(path) ? readFileSync(path, "utf8") : undefined;
    return [...titles.matchAll(/"([^"]+)"/g), ["", ""]].some(
      ([, title = ""]) => !source?.includes(title),
    );
  });
  expect(missing.map(([words]) => words)).toEqual([]);
});

const pageOf = (name: string) => readFileSync(join(ROOT, "docs", name), "utf8");

test.each([
  "CLIENT_ADDRESS_HEADER_ABSENT",
  "CLIENT_ADDRESS_HEADER_UNCONFIGURED",
  "CLIENT_ADDRESS_MORE_HOPS",
  "IDENTITY_UNRESOLVED",
  "VISITOR_SECRET_GUESSABLE",
] as const)("the message of %s links to its section of docs/reference/errors.md", (code) => {
  const [, page = "", anchor] =
    /See headgate\/docs\/([\w/-]+\.md)#(\w+)\.$/.exec(doubtOf(code, "info", "").message) ?? [];
  expect(page).toBe("reference/errors.md");
  expect(pageOf(page)).toContain(`### ${code}\n`);
  expect(anchor).toBe(code.toLowerCase());
});

test("docs/internals/rooms.md has the table of rooms.ts", () => {
  expect(pageOf("internals/rooms.md")).toContain(`\n${roomTable()}\n`);
});

test("the tree in docs/internals/architecture.md names every room, and only folders that exist", () => {
  const [, tree = ""] =
    /## The house\n```\n(.*?)```/s.exec(pageOf("internals/architecture.md")) ?? [];
  const named = tree.split("\n").flatMap((line) => line.split(" ")[0] || []);
  const folders = named.map((name) => name.replace(/\/(?:\*\.ts)?$/, ""));
  expect(folders.filter((name) => !existsSync(join(ROOT, name)))).toEqual([]);
  const inTree = (file: string): boolean => folders.includes(file);
  const missing = Object.entries(ROOMS).filter(
    ([name, { files }]) => !inTree(name) && !files.some((file) => inTree(file)),
  );
  expect(missing.map(([name]) => name)).toEqual(["next.config"]);
});

/** Every page of the repository, by its path from the root. */
const PAGES = globSync(["*.md", "docs/**/*.md"], { cwd: ROOT });

function leadsSomewhere(page: string, link: string, anchor: string | undefined): boolean {
  const to = link === "" ? page : join(dirname(page), link);
  if (!existsSync(join(ROOT, to))) return false;
  return anchor === undefined || anchorsOf(readFileSync(join(ROOT, to), "utf8")).includes(anchor);
}

test("links between pages lead to pages and sections that exist", () => {
  const broken = PAGES.flatMap((page) =>
    [
      ...readFileSync(join(ROOT, page), "utf8").matchAll(
        /\]\((?!https?:|mailto:)([^)\s#]*)(?:#([^)\s]+))?\)/g,
      ),
    ]
      .filter(([, link = "", anchor]) => !leadsSomewhere(page, link, anchor))
      .map(([link]) => `${page}: ${link}`),
  );
  expect(PAGES.length).toBeGreaterThan(50);
  expect(broken).toEqual([]);
});

test("README.md has at most 150 lines", () => {
  const lines = readFileSync(join(ROOT, "README.md"), "utf8").trimEnd().split("\n");
  expect(lines.length).toBeLessThanOrEqual(150);
});

test("docs/evidence/faults.md has a row for each fault case", () => {
  const [, table = ""] =
    /\n\| case \|[^\n]+\n\| ---[^\n]+\n(.*?)\n\n/s.exec(pageOf("evidence/faults.md")) ?? [];
  const rows = table.split("\n").map((line) => line.split("|")[1]?.trim());
  expect(rows).toEqual(CASES.map(({ name }) => name));
});
