import { readFileSync } from "node:fs";
import { join } from "node:path";
import { COMMANDS, HELP } from "#lib/cli/commands";
import { type Page, pageOf, ROOT, table } from "./page.ts";
import { SCRIPT_GROUPS } from "./scripts.ts";

const NOTES = join(import.meta.dirname, "commands-notes.md");

export const COMMANDS_PAGE: Page = {
  path: "docs/reference/commands.md",
  build: async () =>
    pageOf(
      "# Commands",
      "Every command of `headgate`, as `--help` prints it, and every script of this repository. [Environment](environment.md) has all variables.",
      "A command ends with status 0 when it did its work, with 1 for findings or a failure, and with 2 for wrong arguments. An error is printed as `CODE: message`, and [errors](errors.md) explains the codes. A command works in the folder in which it is called. The policy is `config/rate-limits.ts` (or `.mts`, `.js`, `.mjs`), in the folder or in its `src`, or the file that you name.",
      "## The command headgate",
      helpOf(HELP),
      ...(await commands()),
      readFileSync(NOTES, "utf8").trim(),
      "## Scripts of this repository",
      "Each script first installs the packages of package-lock.json when they are missing, so a fresh clone needs only Node 20 or later and npm. Write arguments for the program after `--`, such as `npm run soak -- --only locks`. `npm run --silent` prints no lines of npm.",
      ...scripts(),
    ),
};

/** A section for each command, with the same heading as the notes where these are about one command. */
async function commands(): Promise<readonly string[]> {
  const loaded = Object.entries(COMMANDS).map(async ([name, load]) => {
    const { help } = (await load()).default;
    if (help === undefined) throw new Error(`headgate ${name} has no help.`);
    return `### headgate ${name}\n\n${helpOf(help)}`;
  });
  return Promise.all(loaded);
}

function helpOf(help: string): string {
  return `\`\`\`txt\n${help.trim()}\n\`\`\``;
}

function scripts(): readonly string[] {
  const { scripts: known } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  const told = Object.values(SCRIPT_GROUPS).flatMap((group) => Object.keys(group));
  const wrong = [
    ...told.filter((name) => !Object.hasOwn(known, name)),
    ...Object.keys(known).filter((name) => !told.includes(name)),
  ];
  if (wrong.length > 0) throw new Error(`Words and scripts differ: ${wrong.join(", ")}.`);
  return Object.entries(SCRIPT_GROUPS).flatMap(([title, group]) => [
    `### ${title}`,
    table(
      ["script", "what it does"],
      Object.entries(group).map(([name, words]) => [`\`${calledAs(name)}\``, words]),
    ),
  ]);
}

function calledAs(name: string): string {
  return name === "start" || name === "test" ? `npm ${name}` : `npm run ${name}`;
}
