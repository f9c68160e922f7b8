import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../support/app.ts";

test("docs/seed.md names tests that are there", () => {
  const text = readFileSync(join(ROOT, "docs", "seed.md"), "utf8");
  const named = [...text.matchAll(/`(tests\/[\w/.-]+\.test\.ts)`(?: "([^"]+)")?/g)];
  expect(named.length).toBeGreaterThan(30);
  const missing = named.filter(([, file = "", title = ""]) => {
    const path = join(ROOT, file);
    return !existsSync(path) || !readFileSync(path, "utf8").includes(title);
  });
  expect(missing.map(([words]) => words)).toEqual([]);
});
