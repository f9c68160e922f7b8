import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../support/app.ts";

const PROJECTS = join(ROOT, "tests", "fixtures", "testing");

/** Runs a framework as an adopter does: with its own program, in a separate process. */
function run(program: string, args: readonly string[]) {
  // Without the variables that this run of vitest sets for its processes.
  const { VITEST: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd: PROJECTS,
    env: { ...env, NO_COLOR: "1" },
    encoding: "utf8",
  });
  return { status, said: `${stdout}${stderr}` };
}

const DENIED = "expectDenied: status of a response with status 200 must be 429, not 200.";

test("an adopter's tests pass in vitest, and a failing one says why", () => {
  const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
  const files = ["vitest/limits.test.ts", "failing/vitest.test.ts"];
  const { said, status } = run(vitest, ["run", "--root", PROJECTS, ...files]);
  expect(said).toContain("1 failed | 2 passed");
  expect(said).toContain(DENIED);
  expect(status).toBe(1);
});

test("an adopter's tests pass in node:test, and a failing one says why", () => {
  const files = ["node-test/handler.test.ts", "failing/node.test.ts"];
  const { said, status } = run("--test", ["--test-reporter=tap", ...files]);
  expect(said).toContain("# pass 2\n# fail 1\n");
  expect(said).toContain(DENIED);
  expect(status).toBe(1);
});

/** The code of the guides, by the file name in its first line. */
const SHOWN = new Map(
  ["testing.md", "testing-jest.md", "testing-end-to-end.md"].flatMap((page) =>
    [
      ...readFileSync(join(ROOT, "docs", "guides", page), "utf8").matchAll(
        /^```\w+\n(\/\/ (\S+)\n.*?)^```$/gms,
      ),
    ].map(([, code = "", file = ""]) => [file, code] as const),
  ),
);

test("the code in the guides to testing is the code of the projects that these tests run", () => {
  const files = globSync("**/*.{ts,js,mjs}", { cwd: PROJECTS }).map((file) => {
    const code = readFileSync(join(PROJECTS, file), "utf8");
    return [/^\/\/ (\S+\.\w+)\n/.exec(code)?.[1], code] as const;
  });
  const named = files.filter(([name]) => name !== undefined);
  expect(named.length).toBeGreaterThan(5);
  expect(SHOWN).toEqual(new Map(named));
});
