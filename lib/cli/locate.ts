import { parseSync } from "oxc-parser";
import { isInstalled } from "#lib/core/installed";
import type { Place } from "#lib/policy/errors";

/** Whether places can be found: an app may have installed the package without oxc-parser. */
export const canLocate = isInstalled(parseSync);

/** A place in a file; both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly [field: string]: unknown;
}

/**
 * Finds where in a policy file a value is written: the deepest property on the way to it that can
 * be seen in the source. What is computed or imported is placed where it is used.
 */
export function locate(file: string, source: string, place: Place): Position | undefined {
  const { program } = parseSync(file, source);
  const body = nodes((program as unknown as Node)["body"]);
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

/** Why a file cannot be parsed, and where; undefined where it can. */
export function syntaxError(
  file: string,
  source: string,
): { readonly position: Position; readonly message: string } | undefined {
  const [error] = parseSync(file, source).errors;
  if (!error) return undefined;
  const position = positionOf(source, error.labels[0]?.start ?? 0);
  return { position, message: error.message };
}

interface Found {
  readonly at: Node;
  readonly value: Node;
}

/** What the file exports by default: `export default …`, or `export { policy as default }`. */
function exportedDefault(body: readonly Node[]): Node | undefined {
  const declared = body.find(({ type }) => type === "ExportDefaultDeclaration");
  if (declared) return asNode(declared["declaration"]);
  const specifiers = body
    .filter((node) => node.type === "ExportNamedDeclaration" && node["source"] === null)
    .flatMap((node) => nodes(node["specifiers"]));
  const named = specifiers.find((node) => asNode(node["exported"])?.["name"] === "default");
  return asNode(named?.["local"]);
}

const MAX_DEPTH = 10;

/** The object or array that an expression is: perhaps inside definePolicy(…), perhaps by a name. */
function literalOf(node: Node | undefined, body: readonly Node[], depth: number): Node | undefined {
  if (!node || depth > MAX_DEPTH) return undefined;
  const inside = (next: unknown) => literalOf(asNode(next), body, depth + 1);
  switch (node.type) {
    case "ObjectExpression":
    case "ArrayExpression":
      return node;
    case "CallExpression":
      return inside(nodes(node["arguments"])[0]);
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
    .map((node) => (node.type === "ExportNamedDeclaration" ? asNode(node["declaration"]) : node))
    .flatMap((node) => (node?.type === "VariableDeclaration" ? nodes(node["declarations"]) : []));
  const found = declarations.find((node) => asNode(node["id"])?.["name"] === name);
  return asNode(found?.["init"]);
}

function propertyOf(value: Node | undefined, name: string): Found | undefined {
  // The last of two properties of one name is the one that counts.
  const property = nodes(value?.["properties"]).findLast((node) => {
    const key = asNode(node["key"]);
    return node.type === "Property" && String(key?.["name"] ?? key?.["value"]) === name;
  });
  const held = asNode(property?.["value"]);
  return property && held ? { at: property, value: held } : undefined;
}

function elementAt(value: Node | undefined, index: number): Found | undefined {
  const element = nodes(value?.["elements"])[index];
  return element && { at: element, value: element };
}

function asNode(value: unknown): Node | undefined {
  return typeof value === "object" && value !== null && "type" in value
    ? (value as Node)
    : undefined;
}

function nodes(value: unknown): Node[] {
  return Array.isArray(value) ? value.map(asNode).filter((node) => node !== undefined) : [];
}

function positionOf(source: string, offset: number): Position {
  const before = source.slice(0, offset).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
