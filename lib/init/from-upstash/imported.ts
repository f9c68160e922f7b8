/** The package and the name that an expression was imported by. */

import { nameIn } from "#lib/source/nodes";
import { nodeOf } from "#lib/source/parse";
import { bindingsOf } from "./bindings.ts";
import type { Place } from "./place.ts";
import { keyOf, type Project } from "./project.ts";
import { finals } from "./values.ts";

/** Returns the package and the name that an expression was imported by; undefined for another. */
export function importOf(
  project: Project,
  place: Place,
): { readonly source: string; readonly name: string } | undefined {
  const found = finals(project, place)[0];
  if (!found) return undefined;
  const { module, node } = found;
  const object = node.type === "MemberExpression" ? nodeOf(node["object"]) : node;
  const name = object?.type === "Identifier" ? nameIn(object) : undefined;
  const bound = object && name !== undefined ? bindingsOf(module, name, object)[0] : undefined;
  if (bound?.kind !== "import") return undefined;
  if (object === node) return bound;
  const member = bound.name === "*" || bound.name === "default" ? keyOf(node) : undefined;
  return member === undefined ? undefined : { source: bound.source, name: member };
}
