import type { Place, Problems } from "./errors.ts";

/** Says whether a value is of a kind. */
export type Guard<T> = (value: unknown) => value is T;

/** The properties that an object may have, each with what its value must be. */
export type Shape = Readonly<Record<string, Guard<unknown>>>;

/** What is read by a shape. */
export type Shaped<S extends Shape> = {
  readonly [Key in keyof S]: S[Key] extends Guard<infer T> ? T : never;
};

/** Names of the developer's own choice, and what they stand for. */
export type Named = Readonly<Record<string, unknown>>;

export const isText: Guard<string> = (value): value is string => typeof value === "string";

/** NaN and the infinities are none. */
export const isNumber: Guard<number> = (value): value is number => Number.isFinite(value);

export const isList: Guard<readonly unknown[]> = (value): value is readonly unknown[] =>
  Array.isArray(value);

/** An object of its properties alone: no list, no map, no date. */
export const isNamed: Guard<Named> = (value): value is Named =>
  Object.prototype.toString.call(value) === "[object Object]";

export function oneOf<const T extends string>(...allowed: readonly T[]): Guard<T> {
  return (value): value is T => allowed.some((one) => one === value);
}

export function optional<T>(guard: Guard<T>): Guard<T | undefined> {
  return (value): value is T | undefined => value === undefined || guard(value);
}

/**
 * Reads an object by a shape. Every property that is wrong or that nobody knows is noted and left out,
 * so that all problems are said in one go; undefined where one that is needed is then missing.
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
