import { type Node, nodeOf, nodesOf } from "#lib/source/parse";
import { CannotWrap } from "./cannot.ts";

/** The nodes that only add a type. */
const TYPES = new Set(["TSAsExpression", "TSSatisfiesExpression", "TSTypeAssertion"]);

/** Returns an expression without its types. */
export function untyped(node: Node): Node {
  const inner = TYPES.has(node.type) ? nodeOf(node["expression"]) : undefined;
  return inner ? untyped(inner) : node;
}

/**
 * Returns the value of an expression as Next reads it from the source, without running it.
 *
 * @throws {CannotWrap} when Next cannot read it
 */
export function readLiteral(given: Node): unknown {
  const node = untyped(given);
  switch (node.type) {
    case "Literal":
      return node["value"];
    case "Identifier":
      if (node["name"] === "undefined") return undefined;
      break;
    case "TemplateLiteral":
      if (nodesOf(node["expressions"]).length === 0) return textOf(node);
      break;
    case "ArrayExpression":
      return nodesOf(node["elements"]).map(readLiteral);
    case "ObjectExpression":
      return Object.fromEntries(
        nodesOf(node["properties"]).map((property) => [
          nameOf(property),
          readLiteral(nodeOf(property["value"]) ?? property),
        ]),
      );
  }
  throw unreadable(node);
}

/**
 * Returns the name of a property.
 *
 * @throws {CannotWrap} when it is computed, a spread, a method or a shorthand
 */
export function nameOf(property: Node): string {
  const key = nodeOf(property["key"]);
  const isPlain = property.type === "Property" && !property["computed"] && !property["shorthand"];
  const name = key?.type === "Identifier" ? key["name"] : key?.["value"];
  if (!isPlain || typeof name !== "string") throw unreadable(property);
  return name;
}

function unreadable({ start }: Node): CannotWrap {
  return new CannotWrap(
    start,
    "Next reads `config` from the source, so every value in it must be a literal: write this value as one.",
  );
}

function textOf(template: Node): unknown {
  const [quasi] = nodesOf(template["quasis"]);
  const { cooked } = { ...(quasi?.["value"] as object) } as { readonly cooked?: unknown };
  return cooked;
}
