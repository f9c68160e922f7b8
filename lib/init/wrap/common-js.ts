import type { MagicString } from "magic-string";
import { type Node, nodeOf, nodesOf } from "#lib/source/parse";
import { CannotWrap } from "./cannot.ts";
import { nameIn } from "#lib/source/nodes";
import type { Parsed, Runner } from "./form.ts";

/** Returns true when a file is a CommonJS module: it exports by assignments and has no `import` or `export`. */
export function isCommonJs(body: readonly Node[]): boolean {
  const hasModules = body.some(({ type }) => /^(?:Import|Export)/.test(type));
  return !hasModules && body.some((statement) => assignmentOf(statement) !== undefined);
}

/** Returns the runner of `module.exports = …` or `exports.middleware = …`, which Next 15 accepts. */
export function ofCommonJs(parsed: Parsed, statement: Node, name: string): Runner | undefined {
  const found = assignmentOf(statement);
  if (!found || !isCommonJs(parsed.body)) return undefined;
  const { target, value } = found;
  if (target === "config") throw unread(statement);
  if (target === name) return wrapped(value, value.start);
  if (target !== undefined) return undefined;
  if (value.type !== "ObjectExpression") {
    return name === "default" ? wrapped(value, value.start) : undefined;
  }
  const properties = nodesOf(value["properties"]);
  const config = properties.find((it) => nameIn(it["key"]) === "config");
  if (config) throw unread(config);
  const property = properties.find((it) => nameIn(it["key"]) === name);
  const inner = nodeOf(property?.["value"]);
  if (!property || !inner) return undefined;
  if (property["method"]) {
    const reason =
      "The function is a method of `module.exports`: write it as `name: function () { … }`.";
    throw new CannotWrap(property.start, reason);
  }
  return wrapped(inner, inner.start, property["shorthand"] ? `${name}: ` : "");
}

/** Returns the runner of a value that is wrapped in place. */
function wrapped({ start, end }: Node, at: number, key = ""): Runner {
  return {
    own: "",
    readyAt: Infinity,
    exportInstead() {},
    inPlace: {
      at,
      write(text: MagicString, before, after) {
        text.appendLeft(start, key + before);
        text.appendLeft(end, after);
      },
    },
  };
}

function unread({ start }: Node): CannotWrap {
  const reason =
    "Next does not read `config` from a CommonJS module, so the middleware runs on every path: write it as `export const config`, and the module with `import` and `export`.";
  return new CannotWrap(start, reason);
}

/** Returns what a statement assigns to: an export by its name, or all exports when `target` is undefined. */
function assignmentOf(statement: Node) {
  const assignment = nodeOf(statement["expression"]);
  const left = nodeOf(assignment?.["left"]);
  const value = nodeOf(assignment?.["right"]);
  if (assignment?.type !== "AssignmentExpression" || left?.type !== "MemberExpression" || !value) {
    return undefined;
  }
  const object = nodeOf(left["object"]);
  const property = nameIn(left["property"]);
  if (isModuleExports(left)) return { target: undefined, value };
  const isExports = nameIn(object) === "exports" || (object && isModuleExports(object));
  return isExports && property !== undefined ? { target: property, value } : undefined;
}

function isModuleExports(node: Node): boolean {
  return nameIn(node["object"]) === "module" && nameIn(node["property"]) === "exports";
}
