/**
 * The brand of Headgate's errors. Two copies of the package may meet in one process, each with classes
 * of its own; the registry of symbols is one for all of them.
 */
export const BRAND: unique symbol = Symbol.for("headgate.error");

/** A class whose prototype may have a brand: its own name, after those of the classes that it extends. */
interface Branded {
  readonly prototype: object;
}

/**
 * Returns true for an instance of a class by its brand, of whichever copy of the package. A class of an
 * app's own that extends one of ours has no brand, and is told by its prototype, as every other class.
 */
export function isInstance(kind: Branded, value: unknown): boolean {
  if (!Object.hasOwn(kind.prototype, BRAND)) return isByPrototype.call(kind, value);
  const name = brandsOf(kind.prototype).at(-1);
  return name !== undefined && brandsOf(value).includes(name);
}

const isByPrototype = Function.prototype[Symbol.hasInstance];

function brandsOf(value: unknown): readonly unknown[] {
  if (typeof value !== "object" || value === null || !(BRAND in value)) return [];
  const brands: unknown = value[BRAND];
  return Array.isArray(brands) ? brands : [];
}
