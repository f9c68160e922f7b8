import { type Node, nodeOf } from "#lib/source/parse";

/** Returns the offset at which the value of a declarator begins, with its parentheses. */
export function afterEquals(source: string, declarator: Node): number {
  const named = nodeOf(declarator["id"])?.end ?? declarator.start;
  const init = nodeOf(declarator["init"])?.start ?? declarator.end;
  const [equals = ""] = /^[^=]*=\s*/.exec(source.slice(named, init)) ?? [];
  return named + equals.length;
}
