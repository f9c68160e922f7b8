import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../support/app.ts";
import { COMMANDS, commandsBy } from "../support/page-commands/commands.ts";
import { foreignPackages } from "../support/page-commands/packages.ts";
import { differingLine } from "../support/page-commands/shape.ts";
import { idleTests, wayOf } from "../support/page-commands/ways.ts";
import { blocksOf, readersPages } from "../support/snippets.ts";
import { complaintsOfCommands } from "../support/shell-lines.ts";

test.each(readersPages().map((page) => [page]))(
  "%s names commands, options and scripts that exist",
  async (page) => {
    const shell = blocksOf(page).filter(({ language }) => ["sh", "bash"].includes(language));
    const complaints = await Promise.all(shell.map(async ({ code }) => complaintsOfCommands(code)));
    expect(complaints.flat()).toEqual([]);
  },
);

test.each([
  ["npx headgate chek", 'headgate has no command "chek": npx headgate chek'],
  ["CI=1 npx headgate check --jsn", "headgate check has no option --jsn"],
  ["npm run --silent soka", "package.json has no script soka"],
  ["npm run headgate -- audit a.ts b.ts", 'headgate audit takes no argument "b.ts"'],
])("the command %s is found to be wrong", async (line, complaint) => {
  const [first = ""] = await complaintsOfCommands(line);
  expect(first).toContain(complaint);
});

test.each([
  "npx headgate@latest init --yes --no-install",
  "HEADGATE_MODE=off npm run headgate -- check --json | jq .ok && npm test",
  "npx headgate block --ip 203.0.113.0/24 --for 1h \\\n  --reason 'a flood; of logins'  # asks first",
])("the command %s is found to be right", async (lines) => {
  expect(await complaintsOfCommands(lines)).toEqual([]);
});

test("every command of the docs is run by a test, or has a reason why not", () => {
  const open = COMMANDS.filter(({ way }) => way === undefined);
  expect(
    open.map(({ page, line, command }) => `${page}:${line}: "${command}" is run by no test`),
  ).toEqual([]);
  const used = COMMANDS.flatMap(({ way }) => (way?.by === "another test" ? [way.test] : []));
  expect(idleTests(new Set(used))).toEqual([]);
});

test("the docs install packages that this repository uses, and run test files that exist", () => {
  const commands = commandsBy("no test").map(({ command }) => command);
  expect(commands.flatMap(foreignPackages)).toEqual([]);
  const tests = commands.flatMap((command) => command.match(/\btests\/\S+/g) ?? []);
  expect(tests.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

test("a command that no test runs is found", () => {
  expect(wayOf("docs/x.md", "npx headgate dance")).toBeUndefined();
  expect(wayOf("docs/x.md", "npm run soak")).toBeUndefined();
  expect(wayOf("docs/x.md", "npx headgate check")).toEqual({ by: "docs-commands" });
});

test.each([
  ["200\n429\n", "200\n200\n429\n", false, "200"],
  ["200\n200\n429\n", "200\n429\n", false, "429"],
  ["200\n403\n", "200\n429\n", true, "429"],
  ["retry-after: 7\nkey 5Zb0Qk1hV9sT2mXc7yLr4A\n", "retry-after: 886\n", true, undefined],
  ["3 used of 10 per minute, 7 left\n", "5 used of 5 per minute, 0 left\n", true, undefined],
])("the output %j is compared with %j", (output, printed, isExcerpt, line) => {
  expect(differingLine(output, printed, isExcerpt)).toBe(line);
});
