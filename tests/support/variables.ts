import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSync } from "oxc-parser";
import { ROOT } from "./app.ts";

/** Returns the names of the variables of docs/reference/environment.md. */
export function documentedVariables(): ReadonlySet<string> {
  const page = readFileSync(join(ROOT, "docs", "reference", "environment.md"), "utf8");
  return new Set([...page.matchAll(/^\| `(\w+)`/gm)].map(([, name = ""]) => name));
}

/** A name that code reads as a property, and the object: "process.env", the name of a variable, or "". */
export interface PropertyRead {
  readonly name: string;
  readonly of: string;
}

type Node = { readonly type: string } & Readonly<Record<string, unknown>>;

const FORM = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/;

/** The first argument of a function that reads the variable whose name is its second argument. */
const ENVIRONMENT = /^(?:env|set|source|variables|process\.env)$/;

/**
 * Finds every name in capitals that code reads as a property: `env.PORT`, `env["PORT"]`,
 * `const { PORT } = env`, a parameter `{ PORT }`, and `wholeNumber(env, "PORT", …)`.
 */
export function propertyReads(code: string, file = "code.ts"): readonly PropertyRead[] {
  const found: PropertyRead[] = [];
  const add = (name: unknown, of: string) => {
    if (typeof name === "string" && FORM.test(name)) found.push({ name, of });
  };
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    if (!isNode(value)) return;
    if (value.type === "MemberExpression") add(keyOf(value, "property"), textOf(value["object"]));
    if (value.type === "VariableDeclarator") addAll(value["id"], textOf(value["init"]));
    if (value.type === "AssignmentExpression") addAll(value["left"], textOf(value["right"]));
    if (value.type === "ObjectPattern") addAll(value, "");
    if (value.type === "CallExpression" && isReader(value)) {
      for (const argument of argumentsOf(value)) add(argument["value"], "a reader");
    }
    Object.values(value).forEach(visit);
  };
  const addAll = (pattern: unknown, of: string) => {
    if (!isNode(pattern) || pattern.type !== "ObjectPattern") return;
    for (const property of pattern["properties"] as Node[]) add(keyOf(property, "key"), of);
  };
  visit(parseSync(file, code).program);
  return found;
}

/** `wholeNumber(env, "PORT", …)`, and `ms("REQUEST_TIMEOUT", …)` of lib/server/http-settings.ts. */
function isReader(call: Node): boolean {
  const [first] = argumentsOf(call);
  return ENVIRONMENT.test(textOf(first)) || textOf(call["callee"]) === "ms";
}

function argumentsOf(call: Node): readonly Node[] {
  return call["arguments"] as readonly Node[];
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value;
}

/** Returns the name of a property that is written literally. */
function keyOf(node: Node, field: "property" | "key"): unknown {
  const { [field]: key, computed } = node;
  if (!isNode(key)) return undefined;
  return key.type === "Literal" ? key["value"] : computed === true ? undefined : key["name"];
}

/** Returns `env` or `process.env`, in any notation. */
function textOf(node: unknown): string {
  if (!isNode(node)) return "";
  if (node.type === "Identifier") return String(node["name"]);
  if (node.type === "ChainExpression") return textOf(node["expression"]);
  if (node.type !== "MemberExpression") return "";
  const of = textOf(node["object"]);
  return `${of.endsWith("process") ? "process" : of}.${String(keyOf(node, "property"))}`;
}
