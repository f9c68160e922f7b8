import { wholeForm } from "#lib/core/argument";
import { settingsError, trimVariables, type Variables } from "#lib/core/settings";

/**
 * Reads a variable that must be a whole number.
 *
 * @throws {HeadgateError} ENV_INVALID for any other text, and for a number outside of `least` and `most`
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
