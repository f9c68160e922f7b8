/** Marks the stand-in for an export of a package that is not installed. */
export const STAND_IN: unique symbol = Symbol("stand-in");

/**
 * Checks that an export of an optional package is available, before it is used.
 *
 * @throws {HeadgateError} PACKAGE_MISSING, with the package to install
 * @example
 * requireInstalled(Redis);
 */
export function requireInstalled(exported: object): void {
  // A stand-in throws when it is called.
  if (STAND_IN in exported) (exported as unknown as () => never)();
}

/**
 * Returns true when an export of an optional package is available.
 *
 * @example
 * const position = isInstalled(parseSync) ? locate(file, source, place) : undefined;
 */
export function isInstalled(exported: object): boolean {
  return !(STAND_IN in exported);
}
