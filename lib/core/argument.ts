/**
 * Returns true for a whole number from `least` to `most`.
 *
 * @param most by default the largest integer that JavaScript represents exactly
 */
export function isWhole(
  given: unknown,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): boolean {
  return Number.isSafeInteger(given) && Number(given) >= least && Number(given) <= most;
}

/**
 * Returns the text for errors that states which whole numbers are allowed.
 *
 * @param unit the unit of the number, if the error does not name it elsewhere
 * @example
 * wholeForm(10, 10_000, "milliseconds"); // "a whole number of milliseconds from 10 to 10000"
 */
export function wholeForm(least: number, most?: number, unit?: string): string {
  const of = unit === undefined ? "" : ` of ${unit}`;
  return `a whole number${of} from ${least}${most === undefined ? "" : ` to ${most}`}`;
}

/**
 * Returns why an argument is invalid; undefined for a whole number from `least` to `most`. The value may
 * have any type, since a caller in JavaScript may pass anything.
 *
 * @example
 * wholeProblem("cost", 1.5, 1); // "cost is 1.5; allowed: a whole number from 1."
 */
export function wholeProblem(
  name: string,
  given: unknown,
  least: number,
  most?: number,
  unit?: string,
): string | undefined {
  if (isWhole(given, least, most)) return undefined;
  const shown = typeof given === "number" ? given : kindOf(given);
  return `${name} is ${shown}; allowed: ${wholeForm(least, most, unit)}.`;
}

/**
 * Returns why an argument is invalid; undefined for text that is not empty.
 *
 * @example
 * textProblem("key", ""); // "key is empty; allowed: text of at least one character."
 */
export function textProblem(name: string, given: unknown): string | undefined {
  if (typeof given !== "string") return `${name} is ${kindOf(given)}; allowed: text.`;
  return given === "" ? `${name} is empty; allowed: text of at least one character.` : undefined;
}

/** Returns the type in words. It never returns the value itself, which may come from a request. */
function kindOf(given: unknown): string {
  if (given === undefined || given === null) return String(given);
  return typeof given === "object" ? "an object" : `a ${typeof given}`;
}
