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
function exportedNames(node: Node): readonly string[] {
  if (node["exportKind"] !== "value") return [];
  const specifiers = nodesOf(node["specifiers"])
    .filter((specifier) => specifier["exportKind"] !== "type")
    .map((specifier) => nodeOf(specifier["exported"]));
  const named = [nodeOf(node["exported"]), ...specifiers];
  return [...named, ...declaredBy(nodeOf(node["declaration"]))].map((it) =>
    String(it?.["name"] ?? it?.["value"]),
  );
}

/** The identifiers that a declaration declares: `const { GET, POST } = handlers` declares two. */
function declaredBy(declaration: Node | undefined): readonly (Node | undefined)[] {
  if (declaration?.type !== "VariableDeclaration") return [nodeOf(declaration?.["id"])];
  return nodesOf(declaration["declarations"]).flatMap((it) => boundBy(nodeOf(it["id"])));
}

function boundBy(pattern: Node | undefined): readonly (Node | undefined)[] {
  if (pattern?.type === "ObjectPattern") {
    return nodesOf(pattern["properties"]).flatMap((it) =>
      boundBy(nodeOf(it["value"] ?? it["argument"])),
    );
  }
  if (pattern?.type === "ArrayPattern") return nodesOf(pattern["elements"]).flatMap(boundBy);
  return pattern?.type === "AssignmentPattern" ? boundBy(nodeOf(pattern["left"])) : [pattern];
}
