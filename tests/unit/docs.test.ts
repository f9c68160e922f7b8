import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { doubtOf } from "#lib/core/doubt";
import { ROOMS } from "../../rooms.ts";
import { roomTable } from "../house/table.ts";
import { ROOT } from "../support/app.ts";

test.each(["seed.md", "security.md"])("docs/%s names tests that are there", (page) => {
  const text = readFileSync(join(ROOT, "docs", page), "utf8");
  const named = [...text.matchAll(/`(tests\/[\w/.-]+\.ts)`((?:,? "[^"]+")*)/g)];
  expect(named.length).toBeGreaterThan(30);
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
] as const)("the line of %s and docs/errors.md lead to its section", (code) => {
  const [, page = "", anchor] =
    /See docs\/([\w-]+\.md)#(\w+)\.$/.exec(doubtOf(code, "info", "").message) ?? [];
  expect(pageOf(page)).toContain(`### ${code}\n`);
  expect(anchor).toBe(code.toLowerCase());
  expect(pageOf("errors.md")).toMatch(new RegExp(`\`${code}\`.*\\(${page}#${anchor}\\)`));
});

test("the table of rooms in docs/internals/architecture.md is the one of rooms.ts", () => {
  expect(pageOf("internals/architecture.md")).toContain(`\n${roomTable()}\n`);
});

test("the tree in docs/internals/architecture.md names every room, and only what is there", () => {
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

test("links between pages lead to pages that are there", () => {
  const pages = globSync("docs/**/*.md", { cwd: ROOT });
  const broken = ["README.md", ...pages].flatMap((page) =>
    [...readFileSync(join(ROOT, page), "utf8").matchAll(/\]\((?!https?:|#|mailto:)([^)\s#]+)/g)]
      .filter(([, link = ""]) => !existsSync(join(ROOT, dirname(page), link)))
      .map(([, link]) => `${page}: ${link}`),
  );
  expect(pages.length).toBeGreaterThan(50);
  expect(broken).toEqual([]);
});
