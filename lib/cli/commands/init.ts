import { relative, resolve } from "node:path";
import { HeadgateError } from "#lib/core/errors";
import { printError } from "#lib/core/print-error";
import { translationLines } from "#lib/init/from-upstash/plan";
import { type Init, planInit } from "#lib/init/init";
import { runInstall } from "#lib/init/install";
import { showChanges } from "#lib/init/show";
import { foundLines, lastLines } from "#lib/init/tell";
import { chooseApp } from "#lib/init/workspace";
import { writeChanges } from "#lib/init/write";
import { agrees, isAnswered } from "../agreement.ts";
import { defineProgram, usageError } from "../program.ts";

const HELP = `Puts the gate before an existing app.

  npx headgate init                  shows what will change, asks once, and writes it
  npx headgate init --yes            writes without asking
  npx headgate init --dry-run        shows the changes and writes nothing
  npx headgate init --dir apps/web   the app of that folder
  npx headgate init --no-install     installs no package, and prints the command that does
  npx headgate init --from upstash   also writes rules that replace @upstash/ratelimit in the app,
                                     and a comment at each call that names its replacement

The command finds the routes of the app. It writes a policy with a rule for each group of routes, the gate,
and the middleware. An existing middleware.ts or proxy.ts still runs on the same paths, behind the gate. In
production the rules are in shadow at first. A second run changes nothing.

The exit status is 0 when the gate is in place, 1 when something fails, and 2 when there is no terminal in
which to ask.
`;

export default defineProgram({
  name: "headgate init",
  help: HELP,
  args: {
    dir: { type: "string" },
    from: { type: "string" },
    yes: { type: "boolean" },
    "dry-run": { type: "boolean" },
    install: { type: "boolean", default: true },
  },
  async run({ dir, from, yes, "dry-run": isDry, install }) {
    const library = libraryOf(from);
    const { folder, isFound } = chooseApp(resolve(dir ?? "."));
    const init = await planInit(folder, library);
    for (const line of foundLines(init, isFound ? relative(process.cwd(), folder) : undefined)) {
      console.log(line);
    }
    const command = install ? init.install : undefined;
    if (init.changes.length === 0 && command === undefined) {
      return finish(init, ["nothing to do"]);
    }
    console.log(`\n${showChanges(init.changes, isColoured())}`);
    if (isDry) return finish(init, []);
    const question = questionOf(init, command);
    if (!yes && !isAnswered()) return refuse(question);
    if (!yes && !(await agrees(question))) {
      console.log("Nothing was written.");
      return 0;
    }
    writeChanges(folder, init.changes);
    for (const { path } of init.changes) console.log(`wrote    ${path}`);
    if (command) runInstall(folder, command);
    return finish(init, lastLines(init, !install));
  },
});

function libraryOf(from: string | undefined): "upstash" | undefined {
  if (from === undefined || from === "upstash") return from;
  throw usageError(`--from must be "upstash", not "${from}".`, HELP);
}

/** Prints the last lines. Returns the exit status, which is 1 when the gate is not before the app yet. */
function finish({ middleware, gate, translation }: Init, lines: readonly string[]): number {
  const { cannot, note, path } = middleware;
  const output = [
    ...(translation ? translationLines(translation) : []),
    ...lines,
    ...(note === undefined ? [] : ["", note]),
  ];
  if (output.length > 0) console.log(output.join("\n"));
  if (cannot === undefined) return 0;
  printError(
    new HeadgateError(
      "INIT_MIDDLEWARE",
      [
        `${path} was not changed, so no rule is checked yet. Put the gate before it by hand, then run headgate init again.`,
        `  ${cannot}`,
        "",
        `  import { gate } from "${gate.specifier}";`,
        "  export default gate.wrap(yourMiddleware, { matcher: [yourMatcher] });",
        '  export const config = { matcher: ["/((?!_next/static/).*)"] };',
      ].join("\n"),
    ),
  );
  return 1;
}

function questionOf({ changes }: Init, command: readonly string[] | undefined): string {
  const files = `Write ${changes.length === 1 ? "this file" : `these ${changes.length} files`}`;
  const parts = changes.length === 0 ? [] : [files];
  const run = command ? [`${changes.length === 0 ? "Run" : "run"} ${command.join(" ")}`] : [];
  return `${[...parts, ...run].join(" and ")}?`;
}

function refuse(question: string): number {
  printError(
    new HeadgateError(
      "INIT_NOT_AGREED",
      `Nothing was written: there is no terminal in which to ask "${question}" Run headgate init --yes to write without a question.`,
    ),
  );
  return 2;
}

/** Returns true when the terminal has colours and NO_COLOR is not set. */
function isColoured(): boolean {
  return process.stdout.isTTY && process.stdout.hasColors();
}
