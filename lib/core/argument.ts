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
 * wholeProblem("cost", 1.5, 1); // "cost must be a whole number from 1, but is 1.5."
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
  return mustBe(name, wholeForm(least, most, unit), shown);
}

/**
 * Returns why an argument is invalid; undefined for text that is not empty.
 *
 * @example
 * textProblem("key", ""); // "key must be text of at least one character, but is empty."
 */
export function textProblem(name: string, given: unknown): string | undefined {
  if (typeof given !== "string") return mustBe(name, "text", kindOf(given));
  return given === "" ? mustBe(name, "text of at least one character", "empty") : undefined;
}

/**
 * Returns the sentence of an error for an argument.
 *
 * @param shown the given value, or its type where the value may come from a request
 * @example
 * mustBe("mode", "enforce or shadow", '"of"'); // 'mode must be enforce or shadow, but is "of".'
 */
export function mustBe(name: string, allowed: string, shown: string | number): string {
  return `${name} must be ${allowed}, but is ${shown}.`;
}

/** Returns the type in words. It never returns the value itself, which may come from a request. */
export function kindOf(given: unknown): string {
  if (given === undefined || given === null) return String(given);
  return typeof given === "object" ? "an object" : `a ${typeof given}`;
}
