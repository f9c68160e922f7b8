/** What became of an app's own middleware. */
export type Wrapped =
  | { readonly kind: "changed"; readonly text: string }
  | { readonly kind: "already" }
  | { readonly kind: "cannot"; readonly why: string };

/** Puts the gate before an app's own middleware. */
export function wrapMiddleware(
  file: string,
  source: string,
  { gate }: { readonly gate: string },
): Wrapped {
  if (source.includes(`"${gate}"`)) return { kind: "already" };
  return { kind: "cannot", why: `${file} has an export that is not known` };
}
