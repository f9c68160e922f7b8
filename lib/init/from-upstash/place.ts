/** Places in an app's source: a node of a file, and the calls that lead to it. */

import { type Node, nodeOf } from "#lib/source/parse";
import type { Module } from "./project.ts";

/** The arguments of the calls that are being followed, by function. */
export type Calls = ReadonlyMap<Node, Place>;

/** A node of a file, with the calls that lead to it. */
export interface Place {
  readonly module: Module;
  readonly node: Node;
  readonly calls: Calls;
}

const WRAPPERS: Readonly<Record<string, string>> = {
  TSAsExpression: "expression",
  TSNonNullExpression: "expression",
  TSSatisfiesExpression: "expression",
  TSTypeAssertion: "expression",
  ParenthesizedExpression: "expression",
  ChainExpression: "expression",
  AwaitExpression: "argument",
};

/** Returns an expression without types, parentheses and `await`, which do not change its value. */
export function bare(node: Node): Node {
  const field = WRAPPERS[node.type];
  const inner = field === undefined ? undefined : nodeOf(node[field]);
  return inner ? bare(inner) : node;
}

/** Returns a field of a node as a place; undefined when it is not a node. */
export function part(place: Place, value: unknown): Place | undefined {
  const node = nodeOf(value);
  return node && { ...place, node };
}
