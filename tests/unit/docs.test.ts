import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
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
