import { declaredNames, nameIn } from "#lib/source/nodes";
import { type Node, nodeOf, nodesOf, parseSource } from "#lib/source/parse";

/** The methods that a route handler of the app router can have. */
export const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

/**
 * Returns the methods that a route handler's source exports; undefined when the source does not show them, as
 * with `export *`. Exported types are not methods.
 */
export function exportedMethods(file: string, source: string): readonly string[] | undefined {
  const { body, problem } = parseSource(file, source);
  // The exports of `export * from` are in another file.
  if (problem || body.some((it) => it.type === "ExportAllDeclaration" && !nodeOf(it["exported"])))
    return undefined;
  const names = new Set(body.flatMap(exportedNames));
  const methods = METHODS.filter((method) => names.has(method));
  // A handler exports at least one, so the source was not understood without a method.
  return methods.length > 0 ? methods : undefined;
}

/** Returns the names of the values that a statement exports. */
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
