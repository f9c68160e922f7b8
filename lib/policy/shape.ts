import type { Place, Problems } from "./errors.ts";

/** Returns true for a value of a type. */
export type Guard<T> = (value: unknown) => value is T;

/** The properties that an object may have, each with the guard of its value. */
export type Shape = Readonly<Record<string, Guard<unknown>>>;

/** The type of an object that was read by a shape. */
export type Shaped<S extends Shape> = {
  readonly [Key in keyof S]: S[Key] extends Guard<infer T> ? T : never;
};

/** An object with keys of the developer's choice. */
export type Named = Readonly<Record<string, unknown>>;

export const isText: Guard<string> = (value): value is string => typeof value === "string";

/** Returns true for a number other than NaN and the infinities. */
export const isNumber: Guard<number> = (value): value is number => Number.isFinite(value);

export const isList: Guard<readonly unknown[]> = (value): value is readonly unknown[] =>
  Array.isArray(value);

/** Returns true for a plain object, and false for an array, a map or a date. */
export const isNamed: Guard<Named> = (value): value is Named =>
  Object.prototype.toString.call(value) === "[object Object]";

export function oneOf<const T extends string>(...allowed: readonly T[]): Guard<T> {
  return (value): value is T => allowed.some((one) => one === value);
}

export function optional<T>(guard: Guard<T>): Guard<T | undefined> {
  return (value): value is T | undefined => value === undefined || guard(value);
}

/**
 * Reads an object by a shape. It adds a problem for every wrong or unknown property and leaves the property out,
 * so that all problems are reported at once. Returns undefined when a required property is then missing.
 */
export function readShape<S extends Shape>(
  shape: S,
  given: Named,
  place: Place,
  problems: Problems,
): Shaped<S> | undefined {
  const read: Record<string, unknown> = {};
  for (const [key, guard] of Object.entries(shape)) {
    const value = given[key];
    if (guard(value)) read[key] = value;
    else problems.add("BAD_VALUE", [...place, key], value, key);
  }
  for (const key of Object.keys(given)) {
    if (Object.hasOwn(shape, key)) continue;
    problems.add("UNKNOWN_KEY", [...place, key], key, ...Object.keys(shape));
  }
  return isShaped(shape, read) ? read : undefined;
}

function isShaped<S extends Shape>(shape: S, read: Named): read is Shaped<S> & Named {
  return Object.entries(shape).every(([key, guard]) => guard(read[key]));
}
