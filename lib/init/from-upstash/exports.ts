import { nameIn } from "#lib/source/nodes";
import { type Node, nodeOf, nodesOf } from "#lib/source/parse";
import { keyOf, type Module, type Project } from "./project.ts";

/** A node, and the file that it is in. */
export interface Found {
  readonly module: Module;
  readonly node: Node;
}

/** Returns the expressions and declarations that a file exports by a name. */
export function exported(project: Project, module: Module, name: string): readonly Found[] {
  return module.body.flatMap((statement) => {
    switch (statement.type) {
      case "ExportNamedDeclaration":
        return named(project, module, statement, name);
      case "ExportDefaultDeclaration":
        return name === "default" ? found(module, statement["declaration"]) : [];
      case "ExportAllDeclaration": {
        const from = project.resolve(module.path, nameIn(statement["source"]) ?? "");
        return from && from !== module ? exported(project, from, name) : [];
      }
      case "ExpressionStatement":
        return common(module, nodeOf(statement["expression"]), name);
      default:
        return [];
    }
  });
}

function found(module: Module, value: unknown): readonly Found[] {
  const node = nodeOf(value);
  return node ? [{ module, node }] : [];
}

function named(project: Project, module: Module, statement: Node, name: string): readonly Found[] {
  const declaration = nodeOf(statement["declaration"]);
  if (declaration) {
    if (nameIn(declaration["id"]) === name) return [{ module, node: declaration }];
    // The identifier represents the variable with its later assignments.
    return nodesOf(declaration["declarations"]).flatMap((one) =>
      nameIn(one["id"]) === name ? found(module, one["id"]) : [],
    );
  }
  const specifier = nodesOf(statement["specifiers"]).find(
    (one) => nameIn(one["exported"]) === name,
  );
  if (!specifier) return [];
  const source = nameIn(statement["source"]);
  if (source === undefined) return found(module, specifier["local"]);
  const from = project.resolve(module.path, source);
  const local = nameIn(specifier["local"]);
  return from && local !== undefined ? exported(project, from, local) : [];
}

/**
 * Finds the exports of CommonJS: `module.exports = value`, `module.exports = { name }`, `module.exports.name
 * = value`, `exports.name = value`.
 */
function common(module: Module, node: Node | undefined, name: string): readonly Found[] {
  const left = nodeOf(node?.["left"]);
  const value = nodeOf(node?.["right"]);
  if (node?.type !== "AssignmentExpression" || left?.type !== "MemberExpression" || !value) {
    return [];
  }
  const target = module.text.slice(left.start, left.end);
  if (target !== "module.exports") {
    return /^(?:module\.)?exports\.[\w$]+$/.test(target) && keyOf(left) === name
      ? [{ module, node: value }]
      : [];
  }
  if (value.type !== "ObjectExpression") return name === "default" ? [{ module, node: value }] : [];
  const property = nodesOf(value["properties"]).find((one) => keyOf(one) === name);
  return property ? found(module, property["value"]) : [];
}
