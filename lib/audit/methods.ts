import { parseSync } from "oxc-parser";

/** The methods that a route handler of the app router can take. */
export const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

/**
 * The methods that a route handler's source exports; undefined where the source does not say, as
 * with `export *`. What is exported as a type alone is no method.
 */
export function exportedMethods(file: string, source: string): readonly string[] | undefined {
  const { module, errors } = parseSync(file, source);
  if (errors.length > 0) return undefined;
  const exported = module.staticExports.flatMap(({ entries }) => entries);
  const values = exported.filter(({ isType }) => !isType);
  const kinds: readonly string[] = values.map(({ exportName }) => exportName.kind);
  // `export * from`: what it exports stands elsewhere.
  if (kinds.includes("None")) return undefined;
  const names = new Set(values.map(({ exportName }) => exportName.name));
  const methods = METHODS.filter((method) => names.has(method));
  // A handler exports one at least: where none is seen, the source was not understood.
  return methods.length > 0 ? methods : undefined;
}
