import { nameIn } from "#lib/source/nodes";
import { type Node, nodeOf, nodesOf } from "#lib/source/parse";
import { ancestors, isFunction, keyOf, type Module } from "./project.ts";

/** What a name refers to. */
export type Binding =
  | { readonly kind: "value"; readonly node: Node }
  /** A property of a value: `const { a } = value`. */
  | { readonly kind: "property"; readonly node: Node; readonly key: string }
  | { readonly kind: "import"; readonly source: string; readonly name: string }
  | { readonly kind: "param"; readonly of: Node; readonly index: number; readonly key?: string };

interface Declared {
  readonly name: string;
  /** The node in which the name is in scope; undefined for the whole file. */
  readonly scope: Node | undefined;
  readonly binding: Binding | undefined;
}

const declarations = new WeakMap<Module, readonly Declared[]>();

/** Returns what a name refers to at a node. There are several bindings when it is assigned again. */
export function bindingsOf(module: Module, name: string, at: Node): readonly Binding[] {
  const known = declarations.get(module) ?? declared(module);
  declarations.set(module, known);
  const named = known.filter((one) => one.name === name);
  for (const scope of [...ancestors(module, at), undefined]) {
    const here = named.filter((one) => one.scope === scope);
    if (here.length === 0) continue;
    return [...here.flatMap(({ binding }) => binding ?? []), ...assigned(module, name)];
  }
  return [];
}

/** Returns the values that are assigned to a name anywhere in the file. */
function assigned({ nodes }: Module, name: string): readonly Binding[] {
  return nodes.flatMap((node): readonly Binding[] => {
    if (node.type !== "AssignmentExpression" || nameIn(node["left"]) !== name) return [];
    if (nodeOf(node["left"])?.type !== "Identifier") return [];
    const value = nodeOf(node["right"]);
    return value ? [{ kind: "value", node: value }] : [];
  });
}

function declared(module: Module): readonly Declared[] {
  return module.nodes.flatMap((node): readonly Declared[] => {
    switch (node.type) {
      case "ImportDeclaration":
        return imported(node);
      case "VariableDeclarator":
        return variable(module, node);
      case "FunctionDeclaration":
      case "ClassDeclaration": {
        const own = nameIn(node["id"]);
        const scope = scopeOf(module, node);
        const itself: Declared[] =
          own === undefined ? [] : [{ name: own, scope, binding: { kind: "value", node } }];
        return [...itself, ...params(node)];
      }
      default:
        return isFunction(node) ? params(node) : [];
    }
  });
}

function imported(node: Node): readonly Declared[] {
  const source = nameIn(node["source"]) ?? "";
  return nodesOf(node["specifiers"]).flatMap((one) => {
    const local = nameIn(one["local"]);
    if (local === undefined) return [];
    const name = importedName(one);
    return [{ name: local, scope: undefined, binding: { kind: "import", source, name } as const }];
  });
}

function importedName(specifier: Node): string {
  if (specifier.type === "ImportDefaultSpecifier") return "default";
  if (specifier.type === "ImportNamespaceSpecifier") return "*";
  return nameIn(specifier["imported"]) ?? "default";
}

function variable(module: Module, node: Node): readonly Declared[] {
  const id = nodeOf(node["id"]);
  const init = nodeOf(node["init"]);
  const scope = scopeOf(module, node);
  const source = init && requiredSource(init);
  if (id?.type === "ObjectPattern") {
    return patternNames(id).map(({ key, name }) => {
      if (!init) return { name, scope, binding: undefined };
      if (source !== undefined)
        return { name, scope, binding: { kind: "import", source, name: key } };
      return { name, scope, binding: { kind: "property", node: init, key } };
    });
  }
  const name = nameIn(id);
  if (name === undefined) return [];
  if (source !== undefined) {
    return [{ name, scope, binding: { kind: "import", source, name: "*" } }];
  }
  return [{ name, scope, binding: init && { kind: "value", node: init } }];
}

/** Returns the source of `require("…")` and of `await import("…")`. */
function requiredSource(init: Node): string | undefined {
  const call = init.type === "AwaitExpression" ? nodeOf(init["argument"]) : init;
  if (call?.type === "ImportExpression") return nameIn(call["source"]);
  if (call?.type !== "CallExpression" || nameIn(call["callee"]) !== "require") {
    return undefined;
  }
  return nameIn(nodesOf(call["arguments"])[0]);
}

function params(of: Node): readonly Declared[] {
  return nodesOf(of["params"]).flatMap((param, index): readonly Declared[] => {
    const plain = param.type === "AssignmentPattern" ? nodeOf(param["left"]) : param;
    const binding = { kind: "param", of, index } as const;
    if (plain?.type === "ObjectPattern") {
      return patternNames(plain).map(({ key, name }) => ({
        name,
        scope: of,
        binding: { ...binding, key },
      }));
    }
    const name = nameIn(plain);
    return name === undefined ? [] : [{ name, scope: of, binding }];
  });
}

function patternNames(pattern: Node): readonly { readonly key: string; readonly name: string }[] {
  return nodesOf(pattern["properties"]).flatMap((property) => {
    const key = property.type === "Property" ? keyOf(property) : undefined;
    const value = nodeOf(property["value"]);
    const name = nameIn(value?.type === "AssignmentPattern" ? nodeOf(value["left"]) : value);
    return key === undefined || name === undefined ? [] : [{ key, name }];
  });
}

/** Returns the block or function that is the scope of a declaration; undefined for the whole file. */
function scopeOf(module: Module, node: Node): Node | undefined {
  return ancestors(module, node).find(
    (one) =>
      one.type === "BlockStatement" || one.type === "StaticBlock" || one.type.startsWith("For"),
  );
}
