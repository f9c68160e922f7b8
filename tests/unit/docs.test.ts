import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { doubtOf } from "#lib/core/doubt";
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
