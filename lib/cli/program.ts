import { type ArgsDef, defineCommand, type ParsedArgs, runCommand } from "citty";
import { HeadgateError, isHeadgateError } from "#lib/core/errors";
import { printError } from "#lib/core/print-error";

/** Takes the arguments of a command line; resolves to the exit status. It never throws. */
export type Program = (rawArgs: readonly string[]) => Promise<number>;

/** A program with arguments. */
export interface ProgramOptions<Args extends ArgsDef> {
  /** How a person calls it, such as "headgate check". */
  readonly name: string;
  /** Printed for --help, and after the reason when the command line cannot be read. */
  readonly help: string;
  readonly args: Args;
  /** The exit status of a failure, 1 unless said; a command line that cannot be read is always 2. */
  readonly failed?: 1 | 2 | undefined;
  /**
   * Does the work; resolves to the exit status, or to nothing for 0.
   *
   * @param rawArgs the words as they were given: of an option that is repeated, `args` has the last
   */
  run(args: ParsedArgs<Args>, rawArgs: readonly string[]): Promise<number | void>;
}

/** The exit status for a command line that cannot be read. */
const MISUSED = 2;

/**
 * Makes a program that teaches itself by --help, refuses arguments that it does not know, and prints
 * every error in one way. citty reads the arguments, and would ignore those that it does not know.
 *
 * @example
 * const greet = defineProgram({
 *   name: "greet",
 *   help: "greet --name Ada",
 *   args: { name: { type: "string" } },
 *   run: async ({ name }) => console.log(name),
 * });
 * process.exitCode = await greet(process.argv.slice(2));
 */
export function defineProgram<const Args extends ArgsDef>(options: ProgramOptions<Args>): Program {
  const { name, help, args, failed = 1 } = options;
  const command = defineCommand({
    meta: { name },
    args,
    async run({ args: given, rawArgs }): Promise<number> {
      const wrong = misuseOf(args, given, rawArgs);
      if (wrong !== undefined) {
        throw usageError(`${wrong}: "${[name, ...rawArgs].join(" ")}" is not a command.`, help);
      }
      return (await options.run(given, rawArgs)) ?? 0;
    },
  });
  return async (rawArgs) => {
    if (asksForHelp(rawArgs)) return teach(help);
    try {
      const { result } = await runCommand(command, { rawArgs: [...rawArgs] });
      return Number(result);
    } catch (error) {
      printError(error);
      return isUsage(error) ? MISUSED : failed;
    }
  };
}

/**
 * Makes the error for a command line that cannot be read: the reason, then the help.
 *
 * @example
 * throw usageError("--sub names the user.", HELP);
 */
export function usageError(why: string, help: string): HeadgateError {
  return new HeadgateError("CLI_USAGE", `${why}\n\n${help}`);
}

/** Returns true when one of the arguments is --help or -h. */
export function asksForHelp(rawArgs: readonly string[]): boolean {
  return rawArgs.includes("--help") || rawArgs.includes("-h");
}

/** Prints a help text; returns the exit status. */
export function teach(help: string): number {
  console.log(help);
  return 0;
}

function isUsage(error: unknown): boolean {
  return isHeadgateError(error) && error.code === "CLI_USAGE";
}

type Given = Readonly<Record<string, unknown>> & { readonly _: readonly string[] };

/** Why these arguments are not the program's; undefined where they are. */
function misuseOf(args: ArgsDef, given: Given, rawArgs: readonly string[]): string | undefined {
  const unknown = Object.keys(given).find((key) => key !== "_" && !namesOf(args).includes(key));
  if (unknown !== undefined) return `Unknown option '${unknown.length > 1 ? "--" : "-"}${unknown}'`;
  const places = Object.values(args).filter(({ type }) => type === "positional").length;
  const extra = given._[places];
  if (extra !== undefined) return `Unexpected word "${extra}"`;
  const [withoutValue] = Object.entries(args).find(([name, { type }]) => {
    const value = given[name];
    if (type !== "string" || typeof value !== "string") return false;
    // A client key may begin so: then it stands behind "=".
    return value === "" || (value.startsWith("-") && !rawArgs.includes(`--${name}=${value}`));
  }) ?? [undefined];
  return withoutValue && `Option '--${withoutValue}' needs a value`;
}

/** citty gives "set-aside" by the name "setAside" too. */
function namesOf(args: ArgsDef): readonly string[] {
  const inCamels = (name: string) =>
    name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  return Object.keys(args).flatMap((name) => [name, inCamels(name)]);
}
