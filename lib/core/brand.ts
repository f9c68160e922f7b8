/**
 * Marks the prototypes of Headgate's errors. Two copies of the package may meet in one process, each
 * with its own classes; the registry of symbols is one for all of them. A brand begins with that of
 * the class that its class extends.
 */
export const BRAND: unique symbol = Symbol.for("headgate.error");

/** A class that may carry its own brand. */
interface Branded {
  readonly prototype: { readonly [BRAND]: string };
}

/**
 * Returns true for an instance of a class, also of the class with its brand in another copy of the
 * package; undefined for a class of an app's own that extends one of ours, which has no brand.
 */
export function isInstance({ prototype }: Branded, value: unknown): boolean | undefined {
  if (!Object.hasOwn(prototype, BRAND)) return undefined;
  const brand = (value as { readonly [BRAND]?: unknown } | null | undefined)?.[BRAND];
  return typeof brand === "string" && brand.startsWith(prototype[BRAND]);
}
