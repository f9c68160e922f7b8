import { type HeadgateError, isHeadgateError } from "./errors.ts";

/** The most causes that are printed: errors may cause each other in a circle. */
const MOST_CAUSES = 5;

/**
 * Returns the text of an error of ours for a person: its code, its message, and the errors of ours that
 * caused it, unless the message repeats them. Other causes are left out, because the message of a Redis
 * client's error may hold a command with its values.
 *
 * @example errorText(new HeadgateError("CLI_USAGE", "--sub names the user.")) // "CLI_USAGE: --sub names the user."
 */
export function errorText(error: HeadgateError): string {
  const lines = [`${error.code}: ${error.message}`];
  let { cause } = error;
  for (let depth = 0; depth < MOST_CAUSES && isHeadgateError(cause); depth += 1) {
    const { code, message } = cause;
    if (!lines.some((line) => line.includes(message))) lines.push(`  cause  ${code}: ${message}`);
    cause = cause.cause;
  }
  return lines.join("\n");
}

/**
 * Prints an error on standard error, as every program of Headgate does. An error of ours is printed by its
 * code and message, any other with its stack, since it is a bug.
 *
 * @example
 * await main().catch(printError);
 */
export function printError(error: unknown): void {
  console.error(isHeadgateError(error) ? errorText(error) : error);
}
