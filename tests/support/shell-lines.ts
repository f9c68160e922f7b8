import { readFileSync } from "node:fs";
import { join } from "node:path";
import { COMMANDS } from "#lib/cli/commands";
import { ROOT } from "./app.ts";

const { scripts: SCRIPTS } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>;
};

/** Scripts of npm that are called without `run`. */
const WITHOUT_RUN: ReadonlySet<string> = new Set(["start", "test", "restart", "stop"]);

/**
 * Returns what is wrong with the commands of a shell: a command or an option that `headgate` does not
 * have, or a script that package.json does not have.
 */
export async function complaintsOfCommands(shell: string): Promise<readonly string[]> {
  const commands = commandsOf(shell);
  const complaints = await Promise.all(commands.map(async (words) => complaintOf(words)));
  return complaints.flatMap((complaint, at) =>
    complaint === undefined ? [] : [`${complaint}: ${commands[at]?.join(" ")}`],
  );
}

async function complaintOf(words: readonly string[]): Promise<string | undefined> {
  const [program = "", ...args] = withoutSettings(words);
  if (/^headgate(?:@|$)/.test(program)) return complaintOfHeadgate(args);
  if (program !== "npm") return undefined;
  const end = args.indexOf("--");
  const [first = "", script] = args
    .slice(0, end === -1 ? undefined : end)
    .filter((word) => !word.startsWith("-"));
  const name = WITHOUT_RUN.has(first) ? first : first === "run" ? script : undefined;
  if (name === undefined) return undefined;
  if (!Object.hasOwn(SCRIPTS, name)) return `package.json has no script ${name}`;
  return name === "headgate" ? complaintOfHeadgate(args.slice(end + 1)) : undefined;
}

/** Leaves out what comes before a program: variables, and the programs that run it. */
function withoutSettings(words: readonly string[]): readonly string[] {
  const at = words.findIndex((word) => !/^\w+=/.test(word) && !["npx", "exec"].includes(word));
  return at === -1 ? [] : words.slice(at);
}

async function complaintOfHeadgate(args: readonly string[]): Promise<string | undefined> {
  const [name = "", ...rest] = args;
  if (["--help", "-h", "--version", "-v"].includes(name)) return undefined;
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load === undefined) return `headgate has no command "${name}"`;
  const { known = {} } = (await load()).default;
  let places = Object.values(known).filter(({ type }) => type === "positional").length;
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i] ?? "";
    const [, option, value] = /^--?([\w-]+)(=.*)?$/.exec(word) ?? [];
    if (option === undefined) places--;
    if (places < 0) return `headgate ${name} takes no argument "${word}"`;
    if (option === undefined || ["help", "h"].includes(option)) continue;
    const own = known[option] ?? known[option.replace(/^no-/, "")];
    if (own === undefined) return `headgate ${name} has no option ${word}`;
    if (own.type === "string" && value === undefined) i++;
  }
  return undefined;
}

/** A word of a shell: quoted parts and other characters; or an operator between commands. */
const WORD = /(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\|&;<>])+|&&|\|\||[|&;]|[<>]+&?/g;

/** Returns the words of each command of a text for a shell. */
function commandsOf(shell: string): readonly (readonly string[])[] {
  const commands: string[][] = [];
  for (const line of shell.replaceAll(/\\\n\s*/g, " ").split("\n")) {
    let command: string[] = [];
    commands.push(command);
    for (const [word] of line.matchAll(WORD)) {
      if (word.startsWith("#")) break;
      if (/^[|&;]/.test(word)) commands.push((command = []));
      else command.push(word);
    }
  }
  return commands.filter((words) => words.length > 0);
}
