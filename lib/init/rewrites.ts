import { MagicString } from "magic-string";
import { type Node, nodeOf, parseSource } from "#lib/source/parse";
import type { App } from "./app.ts";
import type { Plan } from "./plan.ts";
import { isCommonJs } from "./wrap/common-js.ts";
import { insertImport } from "./wrap/gate-import.ts";
import { nameIn } from "#lib/source/nodes";
import { styleOf } from "./wrap/style.ts";

const PLUGIN = "headgate/plugin";

/** The signs that next.config already gives its rewrites to the gate. */
const GIVEN = /headgate\/plugin|HEADGATE_REWRITES/;

/**
 * Plans a change of next.config that gives its rewrites to the gate. A rewrite gives a route a second path,
 * to which its rules must apply too.
 *
 * @returns what a person must do by hand; undefined when nothing is left to do
 */
export function planRewrites({ rewritesIn: file }: App, plan: Plan): string | undefined {
  const source = file === undefined ? undefined : plan.read(file);
  if (file === undefined || source === undefined || GIVEN.test(source)) return undefined;
  const wrapped = wrapConfig(file, source);
  if (wrapped === undefined) {
    return [
      `${file} has rewrites, and was not changed. A rewrite gives a route a second path, which its rules must`,
      `know: wrap what ${file} exports in withHeadgate of ${PLUGIN}.`,
    ].join("\n");
  }
  plan.set(file, wrapped, "gives its rewrites to the gate: they are other names of routes");
  return undefined;
}

/**
 * Wraps the export of next.config in `withHeadgate`, only by insertions.
 *
 * @returns the new text; undefined for an export that has no single value, such as a function declaration
 * @example
 * wrapConfig("next.config.mjs", "export default {};"); // 'import … \n\nexport default withHeadgate({});'
 */
export function wrapConfig(file: string, source: string): string | undefined {
  const { body } = parseSource(file, source);
  const value = body.map(exportedValue).find((it) => it !== undefined);
  if (value === undefined) return undefined;
  const style = styleOf(source, body);
  const text = new MagicString(source);
  const path = style.quoted(PLUGIN);
  const statement = isCommonJs(body)
    ? `const { withHeadgate } = require(${path})${style.end}`
    : `import { withHeadgate } from ${path}${style.end}`;
  insertImport(text, { source, body, style }, statement);
  text.appendLeft(value.start, "withHeadgate(");
  text.appendRight(value.end, ")");
  return text.toString();
}

/** Returns the expression that a statement exports: `export default …`, or `module.exports = …`. */
function exportedValue(statement: Node): Node | undefined {
  if (statement.type === "ExportDefaultDeclaration") {
    const value = nodeOf(statement["declaration"]);
    return value?.type.endsWith("Declaration") ? undefined : value;
  }
  const assigned = nodeOf(statement["expression"]);
  if (assigned?.type !== "AssignmentExpression") return undefined;
  const left = nodeOf(assigned["left"]);
  const isExports =
    nameIn(left?.["object"]) === "module" && nameIn(left?.["property"]) === "exports";
  return isExports ? nodeOf(assigned["right"]) : undefined;
}
