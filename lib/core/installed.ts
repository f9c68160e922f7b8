/** Marks what stands in the place of an export of a package that is not installed. */
export const STAND_IN: unique symbol = Symbol("stand-in");

/**
 * Checks that an export of an optional package is there, before it is needed.
 *
 * @throws {HeadgateError} PACKAGE_MISSING, with what to install
 * @example
 * requireInstalled(Redis);
 */
export function requireInstalled(exported: object): void {
  // A stand-in throws when it is called.
  if (STAND_IN in exported) (exported as unknown as () => never)();
}

/**
 * Returns true when an export of an optional package is there.
 *
 * @example
 * const position = isInstalled(parseSync) ? locate(file, source, place) : undefined;
 */
export function isInstalled(exported: object): boolean {
  return !(STAND_IN in exported);
}
