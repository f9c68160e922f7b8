import { expect, test } from "vitest";
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
