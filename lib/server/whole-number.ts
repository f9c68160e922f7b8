import { wholeForm } from "#lib/core/argument";
import { settingsError, trimVariables, type Variables } from "#lib/core/settings";

/**
 * Reads a variable that is a whole number.
 *
 * @throws {HeadgateError} ENV_INVALID for anything else, and outside `least` and `most`
 */
export function wholeNumber(
  env: Variables,
  name: string,
  standard: number,
  least: number,
  most: number,
): number {
  const given = trimVariables(env)[name] ?? String(standard);
  const number = Number(given);
  if (/^\d+$/.test(given) && number >= least && number <= most) return number;
  throw settingsError({ [name]: wholeForm(least, most) });
}
