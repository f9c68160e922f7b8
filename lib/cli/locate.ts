import type { Place } from "#lib/policy/errors";
import { type Node, nodeOf, nodesOf, parseSource } from "#lib/source/parse";

/** A place in a file. Lines and columns count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/**
 * Finds where a policy file declares a value: the deepest property of its path that is visible in the source.
 * A computed or imported value is located where it is used.
 */
export function locate(file: string, source: string, place: Place): Position | undefined {
  const { body } = parseSource(file, source);
  const root = literalOf(exportedDefault(body), body, 0);
  if (!root) return undefined;
  let at: Node = root;
  let value: Node | undefined = root;
  for (const step of place) {
    const found: Found | undefined =
      typeof step === "number" ? elementAt(value, step) : propertyOf(value, step);
    if (!found) break;
    at = found.at;
    value = literalOf(found.value, body, 0);
  }
  return positionOf(source, at.start);
}

/** Returns why and where a file cannot be parsed; undefined when it can. */
export function syntaxError(
  file: string,
  source: string,
): { readonly position: Position; readonly message: string } | undefined {
  const { problem } = parseSource(file, source);
  return problem && { position: positionOf(source, problem.start), message: problem.message };
}

interface Found {
  readonly at: Node;
  readonly value: Node;
}

/** Returns the default export of a file: `export default …`, or `export { policy as default }`. */
function exportedDefault(body: readonly Node[]): Node | undefined {
  const declared = body.find(({ type }) => type === "ExportDefaultDeclaration");
  if (declared) return nodeOf(declared["declaration"]);
  const specifiers = body
    .filter((node) => node.type === "ExportNamedDeclaration" && node["source"] === null)
    .flatMap((node) => nodesOf(node["specifiers"]));
  const named = specifiers.find((node) => nodeOf(node["exported"])?.["name"] === "default");
  return nodeOf(named?.["local"]);
}

const MAX_DEPTH = 10;

/** Returns the object or array of an expression, also inside definePolicy(…) or through a variable. */
function literalOf(node: Node | undefined, body: readonly Node[], depth: number): Node | undefined {
  if (!node || depth > MAX_DEPTH) return undefined;
  const inside = (next: unknown) => literalOf(nodeOf(next), body, depth + 1);
  switch (node.type) {
    case "ObjectExpression":
    case "ArrayExpression":
      return node;
    case "CallExpression":
      return inside(nodesOf(node["arguments"])[0]);
    case "TSAsExpression":
    case "TSSatisfiesExpression":
    case "ParenthesizedExpression":
      return inside(node["expression"]);
    case "Identifier":
      return inside(initialiserOf(String(node["name"]), body));
    default:
      return undefined;
  }
}

function initialiserOf(name: string, body: readonly Node[]): Node | undefined {
  const declarations = body
    .map((node) => (node.type === "ExportNamedDeclaration" ? nodeOf(node["declaration"]) : node))
    .flatMap((node) => (node?.type === "VariableDeclaration" ? nodesOf(node["declarations"]) : []));
  const found = declarations.find((node) => nodeOf(node["id"])?.["name"] === name);
  return nodeOf(found?.["init"]);
}

function propertyOf(value: Node | undefined, name: string): Found | undefined {
  // When two properties have the same name, the last one counts.
  const property = nodesOf(value?.["properties"]).findLast((node) => {
    const key = nodeOf(node["key"]);
    return node.type === "Property" && String(key?.["name"] ?? key?.["value"]) === name;
  });
  const held = nodeOf(property?.["value"]);
  return property && held ? { at: property, value: held } : undefined;
}

function elementAt(value: Node | undefined, index: number): Found | undefined {
  const element = nodesOf(value?.["elements"])[index];
  return element && { at: element, value: element };
}

function positionOf(source: string, offset: number): Position {
  const before = source.slice(0, offset).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
