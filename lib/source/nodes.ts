import { type Node, nodeOf, nodesOf } from "./parse.ts";

/** Calls a function with every node of a tree. */
export function visit(node: Node, seen: (node: Node) => void): void {
  seen(node);
  for (const field of Object.values(node)) {
    const inner = Array.isArray(field) ? nodesOf(field) : [nodeOf(field)];
    for (const one of inner) if (one) visit(one, seen);
  }
}

/** Returns the name of an identifier, or the text of a string literal; undefined for another node. */
export function nameIn(node: unknown): string | undefined {
  const found = nodeOf(node);
  if (found?.type === "Identifier") return String(found["name"]);
  return found?.type === "Literal" && typeof found["value"] === "string"
    ? found["value"]
    : undefined;
}

/** Returns the names of values that a declaration declares; none for a declaration that TypeScript erases. */
export function declaredNames(declaration: Node): readonly string[] {
  if (declaration.type === "VariableDeclaration") {
    return nodesOf(declaration["declarations"]).flatMap(({ id }) => boundNames(nodeOf(id)));
  }
  const name = nameIn(declaration["id"]);
  const isValue = /^(?:FunctionDeclaration|TSDeclareFunction|ClassDeclaration)$/.test(
    declaration.type,
  );
  return isValue && name !== undefined ? [name] : [];
}

/** Returns the names that a pattern declares. */
export function boundNames(pattern: Node | undefined): readonly string[] {
  if (!pattern) return [];
  switch (pattern.type) {
    case "Identifier":
      return [String(pattern["name"])];
    case "ObjectPattern":
      return nodesOf(pattern["properties"]).flatMap((it) =>
        boundNames(nodeOf(it["value"] ?? it["argument"])),
      );
    case "ArrayPattern":
      return nodesOf(pattern["elements"]).flatMap(boundNames);
    case "AssignmentPattern":
      return boundNames(nodeOf(pattern["left"]));
    case "RestElement":
      return boundNames(nodeOf(pattern["argument"]));
    default:
      return [];
  }
}
