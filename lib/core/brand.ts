/**
 * Marks the prototypes of Headgate's errors. One process may load two copies of the package, each with
 * its own classes, but all share the global symbol registry. The brand of a class begins with the brand of
 * the class that it extends.
 */
export const BRAND: unique symbol = Symbol.for("headgate.error");

/** A class that may have its own brand. */
interface Branded {
  readonly prototype: { readonly [BRAND]: string };
}

/**
 * Returns true for an instance of a class, or of the class with the same brand in another copy of the
 * package; undefined for a class without its own brand, such as a class of an app that extends one of ours.
 */
export function isInstance({ prototype }: Branded, value: unknown): boolean | undefined {
  if (!Object.hasOwn(prototype, BRAND)) return undefined;
  const brand = (value as { readonly [BRAND]?: unknown } | null | undefined)?.[BRAND];
  return typeof brand === "string" && brand.startsWith(prototype[BRAND]);
}
