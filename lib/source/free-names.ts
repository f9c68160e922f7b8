import { boundNames, nameIn, visit } from "./nodes.ts";
import { type Node, nodeOf, nodesOf, parseSource } from "./parse.ts";

/** The names outside itself that a function refers to. */
export interface FreeNames {
  /** Names that are declared elsewhere: of values, of functions and of globals. */
  readonly names: ReadonlySet<string>;
  /** The calls that begin with one of them, without arguments: "verified", "crypto.subtle.verify". */
  readonly called: ReadonlySet<string>;
  /** True when the function uses a parameter. */
  readonly usesParameter: boolean;
}

/**
 * Returns the names outside itself that a function refers to, from its source; undefined when that cannot be
 * parsed, as for a native or a bound function. Scopes are not distinguished: a name that is declared anywhere
 * in the function counts as its own.
 *
 * @param source the result of `Function.prototype.toString`
 * @example
 * freeNamesOf("({ headers }) => headers.get('a') === TOKEN")?.names; // Set { "TOKEN" }
 */
export function freeNamesOf(source: string): FreeNames | undefined {
  const found = functionIn(`(${source})`) ?? functionIn(`({ ${source} })`);
  if (!found) return undefined;
  const parameters = nodesOf(found["params"]);
  const named = new Set(parameters.flatMap(boundNames));
  const own = new Set(named);
  const used = new Set<string>();
  const called = new Set<string>();
  // A declaration and a property name are not references.
  const passedOver = new Set<unknown>();
  for (const parameter of parameters) visit(parameter, (node) => passedOver.add(node));
  visit(found, (node) => {
    for (const name of declaredIn(node)) own.add(name);
    if (isPlain(node)) passedOver.add(node["property"] ?? node["key"]);
    if (node.type === "CallExpression") called.add(chainOf(node));
    if (node.type === "Identifier" && !passedOver.has(node)) used.add(String(node["name"]));
  });
  const isFree = (name: string) => !own.has(name.split(".", 1)[0] ?? "");
  return {
    names: new Set([...used].filter(isFree)),
    called: new Set([...called].filter((chain) => /^[^.]/.test(chain) && isFree(chain))),
    usesParameter: [...used].some((name) => named.has(name)) || used.has("arguments"),
  };
}

function functionIn(text: string): Node | undefined {
  const { body } = parseSource("function.js", text);
  const inner = nodeOf(body[0]?.["expression"]);
  const [method] = inner?.type === "ObjectExpression" ? nodesOf(inner["properties"]) : [];
  const found = method ? nodeOf(method["value"]) : inner;
  return found && /Function/.test(found.type) ? found : undefined;
}

/** Returns the names that a function, a variable or a catch declares inside a function. */
function declaredIn({ type, id, params, param }: Node): readonly string[] {
  if (type === "CatchClause") return boundNames(nodeOf(param));
  const isNaming = type === "VariableDeclarator" || /Function|Class/.test(type);
  return isNaming ? [nodeOf(id), ...nodesOf(params)].flatMap(boundNames) : [];
}

/** Returns true for a property or a key that is written as a name, which is not a reference. */
function isPlain({ type, computed }: Node): boolean {
  return (
    /^(?:MemberExpression|Property|MethodDefinition|PropertyDefinition)$/.test(type) &&
    computed !== true
  );
}

/**
 * Returns a chain of names, such as "crypto.subtle.verify"; it begins with "." when its first part is not a
 * name.
 */
function chainOf(node: Node | undefined): string {
  if (node?.type === "MemberExpression") {
    return `${chainOf(nodeOf(node["object"]))}.${nameIn(node["property"]) ?? ""}`;
  }
  const inner = nodeOf(node?.["callee"] ?? node?.["expression"]);
  if (inner) return chainOf(inner);
  return node?.type === "Identifier" ? String(node["name"]) : "";
}
