import type { MagicString } from "magic-string";
import { type Node, nodeOf, nodesOf } from "#lib/source/parse";
import { isCommonJs } from "./common-js.ts";
import { nameIn, visit } from "#lib/source/nodes";
import type { Parsed } from "./form.ts";

/** Comments that must stay above the first statement, or concern the whole file. */
const OF_THE_FILE = /@ts-|@flow|eslint|oxlint|biome|prettier|license|copyright/i;

/** Returns true when a file has a gate already: it uses one, or makes one with the package. */
export function hasGate(body: readonly Node[], gate: string): boolean {
  const imports = body.filter(({ type }) => type === "ImportDeclaration");
  const makers = new Set(imports.flatMap((it) => localNames(it, MAKERS, "headgate")));
  const gates = new Set([
    ...imports.flatMap((it) => localNames(it, GATES)),
    ...body.flatMap((it) => requiredNames(it, gate)),
  ]);
  let isUsed = false;
  for (const statement of body) {
    visit(statement, (node) => {
      const isMade = node.type === "CallExpression" && makers.has(nameIn(node["callee"]));
      const isOfGate = node.type === "MemberExpression" && gates.has(nameIn(node["object"]));
      if (isMade || (isOfGate && USES.has(nameIn(node["property"])))) isUsed = true;
    });
  }
  return isUsed;
}

const GATES = new Set<string | undefined>(["gate"]);
const MAKERS = new Set<string | undefined>(["createHeadgate", "headgate"]);
const USES = new Set<string | undefined>(["wrap", "middleware"]);

/** Returns the local names of certain imports. @param from the only module, if one is given */
function localNames(statement: Node, imported: ReadonlySet<string | undefined>, from?: string) {
  if (from !== undefined && nameIn(statement["source"]) !== from) return [];
  return nodesOf(statement["specifiers"])
    .filter((it) => imported.has(nameIn(it["imported"])))
    .map((it) => nameIn(it["local"]));
}

/** Returns the names that a statement requires from a CommonJS module. */
function requiredNames(statement: Node, from: string) {
  return nodesOf(statement["declarations"]).flatMap((declarator) => {
    const call = nodeOf(declarator["init"]);
    if (call?.type !== "CallExpression" || nameIn(call["callee"]) !== "require") return [];
    const [path] = nodesOf(call["arguments"]);
    if (nameIn(path) !== from) return [];
    return nodesOf(nodeOf(declarator["id"])?.["properties"]).map((it) => nameIn(it["value"]));
  });
}

/** Imports the gate, and returns its name in the file. */
export function importGate(
  text: MagicString,
  { source, body, style }: Parsed,
  from: string,
): string {
  const name = style.free("gate", "headgate");
  const isCommon = isCommonJs(body);
  const renamed = isCommon ? `gate: ${name}` : `gate as ${name}`;
  const binding = `{ ${name === "gate" ? name : renamed} }`;
  const path = style.quoted(from);
  const statement = isCommon
    ? `const ${binding} = require(${path})${style.end}`
    : `import ${binding} from ${path}${style.end}`;
  insertImport(text, { source, body, style }, statement);
  return name;
}

/** Inserts an import after those that the file begins with, or at its top. */
export function insertImport(
  text: MagicString,
  { source, body, style }: Pick<Parsed, "source" | "body" | "style">,
  statement: string,
): void {
  const last = lastImport(body);
  if (last) {
    text.appendLeft(lineEnd(source, last.end), style.newline + statement);
  } else {
    text.appendLeft(top(source, body), statement + style.newline + style.newline);
  }
}

/** Returns the last of the imports that a file begins with. */
function lastImport(body: readonly Node[]): Node | undefined {
  const statements = body.filter((it) => it["directive"] === undefined);
  const other = statements.findIndex((it) => it.type !== "ImportDeclaration");
  return statements.slice(0, other === -1 ? undefined : other).at(-1);
}

/** Returns the end of the line when only a comment follows; else the offset itself. */
function lineEnd(source: string, offset: number): number {
  const [rest = ""] = /^[^\r\n]*/.exec(source.slice(offset)) ?? [];
  return /^\s*(?:\/\/.*)?$/.test(rest) ? offset + rest.length : offset;
}

/** Returns the offset before the first statement, and before the comment that belongs to it. */
function top(source: string, body: readonly Node[]): number {
  const first = body.find((it) => it["directive"] === undefined);
  const start = first?.start ?? source.length;
  const before = body.findLast((it) => it.end <= start)?.end ?? 0;
  const gap = source.slice(before, start);
  const blank = Math.max(gap.lastIndexOf("\n\n"), gap.lastIndexOf("\n\r\n"));
  const block = blank === -1 ? gap : gap.slice(blank);
  const comment = block.replace(/^\uFEFF?\s*/, "");
  const isOfFile = comment.startsWith("#!") || OF_THE_FILE.test(comment);
  return isOfFile ? start : start - comment.length;
}
