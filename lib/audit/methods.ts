import { declaredNames, nameIn } from "#lib/source/nodes";
import { type Node, nodeOf, nodesOf, parseSource } from "#lib/source/parse";

/** The methods that a route handler of the app router can take. */
export const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

/**
 * The methods that a route handler's source exports; undefined where the source does not say, as
 * with `export *`. What is exported as a type alone is no method.
 */
export function exportedMethods(file: string, source: string): readonly string[] | undefined {
  const { body, problem } = parseSource(file, source);
  // `export * from`: what it exports stands elsewhere.
  if (problem || body.some((it) => it.type === "ExportAllDeclaration" && !nodeOf(it["exported"])))
    return undefined;
  const names = new Set(body.flatMap(exportedNames));
  const methods = METHODS.filter((method) => names.has(method));
  // A handler exports one at least: where none is seen, the source was not understood.
  return methods.length > 0 ? methods : undefined;
}

/** The names of the values that a statement exports. */
function exportedNames(node: Node): readonly (string | undefined)[] {
  if (node["exportKind"] !== "value") return [];
  const specifiers = nodesOf(node["specifiers"])
    .filter((specifier) => specifier["exportKind"] !== "type")
    .map((specifier) => nameIn(specifier["exported"]));
  const declaration = nodeOf(node["declaration"]);
  return [
    nameIn(node["exported"]),
    ...specifiers,
    ...(declaration ? declaredNames(declaration) : []),
  ];
}
