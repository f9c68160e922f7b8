import { type ArgsDef, defineCommand, type ParsedArgs, runCommand } from "citty";
import { HeadgateError, isHeadgateError } from "#lib/core/errors";
import { printError } from "#lib/core/print-error";
import { ignoreLostOutput } from "#lib/server/lost-output";

/** Runs with the arguments of a command line. Resolves to the exit status, and never rejects. */
export interface Program {
  (rawArgs: readonly string[]): Promise<number>;
  /** What the program prints for --help. */
  readonly help?: string;
  /** The arguments that it knows, as citty declares them. */
  readonly known?: ArgsDef;
}

/** A program with arguments. */
export interface ProgramOptions<Args extends ArgsDef> {
  /**
   * The name with which a person calls it, such as "headgate check".
   * @example
   * defineProgram({ name: "rebuild", help: HELP, args: {}, run: work });
   */
  readonly name: string;
  /**
   * The text for --help, also printed after the reason when the command line cannot be read.
   * @example
   * defineProgram({ name: "rebuild", help: "rebuild makes the index again.", args: {}, run: work });
   */
  readonly help: string;
  /**
   * The arguments by name, in the form of citty.
   * @example
   * defineProgram({
   *   name: "greet",
   *   help: "greet --name Ada",
   *   args: { name: { type: "string", required: true } },
   *   run: async ({ name }) => console.log(name),
   * });
   */
  readonly args: Args;
  /**
   * The exit status of a failure. A command line that cannot be read always ends with 2.
   * @default 1
   * @example
   * defineProgram({ name: "compare", help: HELP, args: {}, failed: 2, run: work });
   */
  readonly failed?: 1 | 2 | undefined;
  /**
   * Does the work. Resolves to the exit status, or to nothing for 0.
   * @param rawArgs the arguments as they were given: of a repeated option, `args` has only the last value
   * @example
   * defineProgram({ name: "rebuild", help: HELP, args: {}, run: async () => rebuild() });
   */
  run(args: ParsedArgs<Args>, rawArgs: readonly string[]): Promise<number | void>;
}

/** The exit status for a command line that cannot be read. */
const MISUSED = 2;

/**
 * Makes a program that prints its help for --help, rejects unknown arguments, and prints all errors in the
 * same way. citty parses the arguments, and would ignore unknown ones.
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
  const program: Program = async (rawArgs) => {
    ignoreLostOutput();
    if (asksForHelp(rawArgs)) return teach(help);
    try {
      const { result } = await runCommand(command, { rawArgs: [...rawArgs] });
      return Number(result);
    } catch (error) {
      printError(error);
      return isUsage(error) ? MISUSED : failed;
    }
  };
  return Object.assign(program, { help, known: args });
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

/** Prints a help text. Returns the exit status. */
export function teach(help: string): number {
  console.log(help);
  return 0;
}

function isUsage(error: unknown): boolean {
  return isHeadgateError(error) && error.code === "CLI_USAGE";
}

type Given = Readonly<Record<string, unknown>> & { readonly _: readonly string[] };

/** Returns why these arguments are wrong for the program; undefined when they are right. */
function misuseOf(args: ArgsDef, given: Given, rawArgs: readonly string[]): string | undefined {
  const unknown = Object.keys(given).find((key) => key !== "_" && !namesOf(args).includes(key));
  if (unknown !== undefined) return `Unknown option '${unknown.length > 1 ? "--" : "-"}${unknown}'`;
  const places = Object.values(args).filter(({ type }) => type === "positional").length;
  const extra = given._[places];
  if (extra !== undefined) return `Unexpected argument "${extra}"`;
  const [withoutValue] = Object.entries(args).find(([name, { type }]) => {
    const value = given[name];
    if (type !== "string" || value === undefined) return false;
    // For "--no-hostname", citty gives false.
    if (typeof value !== "string" || value === "") return true;
    // A client key may begin with "-". Then it is written after "=".
    return value.startsWith("-") && !rawArgs.includes(`--${name}=${value}`);
  }) ?? [undefined];
  return withoutValue && `Option '--${withoutValue}' needs a value`;
}

/** Returns the names of options, and their short forms. citty also gives "set-aside" as "setAside". */
function namesOf(args: ArgsDef): readonly string[] {
  const inCamels = (name: string) =>
    name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  return Object.entries(args).flatMap(([name, arg]) => [
    name,
    inCamels(name),
    ...("alias" in arg && arg.alias ? [arg.alias].flat() : []),
  ]);
}
