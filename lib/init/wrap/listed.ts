import { type Node, nodeOf, nodesOf } from "#lib/source/parse";
import { CannotWrap } from "./cannot.ts";
import { blankLine } from "./declared.ts";
import { declaredNames, nameIn } from "#lib/source/nodes";
import type { Parsed, Runner } from "./form.ts";

/** Returns the runner of `export { middleware }` or `export { x as default }`, for a name in the file. */
export function ofSpecifier({ body, style, name }: Parsed, specifier: Node): Runner {
  const exported = nodeOf(specifier["exported"]) ?? specifier;
  const own = nameIn(specifier["local"]) ?? "";
  const isDefault = nameIn(exported) === "default";
  const isShort = nodeOf(specifier["local"])?.start === exported.start;
  return {
    own,
    readyAt: readyAt(body, own),
    exportInstead(text, gated) {
      const kept = isShort ? "" : `${style.free("own", "ownMiddleware")}, `;
      const named = isDefault ? `${gated} as ${name}, ` : "";
      text.appendLeft(exported.start, `${kept}${named}${gated} as `);
    },
  };
}

/** Returns the runner of `export { auth as middleware } from "@/auth"`, which becomes an import. */
export function ofReExport(parsed: Parsed, statement: Node, specifier: Node): Runner {
  if (nameIn(specifier["exported"]) === "default")
    return ofDefaultReExport(parsed, statement, specifier);
  const { name } = parsed;
  const others = nodesOf(statement["specifiers"]).filter((it) => it !== specifier);
  const names = others.map((it) => nameIn(it["exported"]) ?? "");
  if (names.includes("default")) {
    const reason =
      "The default export is exported in the same statement: remove it, because Next does not run it.";
    throw new CannotWrap(statement.start, reason);
  }
  return {
    own: name,
    readyAt: 0,
    exportInstead(text, gated) {
      const isType = (index: number) => others[index]?.["exportKind"] === "type";
      const kept = names.map((it, index) => (isType(index) ? `type ${it}` : it));
      const list = `{ ${[`${gated} as ${name}`, ...kept].join(", ")} }`;
      const afterWord = statement.start + "export".length;
      text.appendLeft(afterWord, ` ${list}${blankLine(parsed)}import`);
    },
  };
}

/**
 * Returns the runner of `export { default } from "next-auth/middleware"`. The statement does not change,
 * because no import can have the name `default`. Next prefers the named export.
 */
function ofDefaultReExport(parsed: Parsed, statement: Node, specifier: Node): Runner {
  const { source, style, name } = parsed;
  const own = style.free("own", "ownMiddleware");
  const from = nodeOf(statement["source"]) ?? statement;
  return {
    own,
    readyAt: 0,
    exportInstead(text, gated) {
      const path = source.slice(from.start, from.end);
      const local = nameIn(specifier["local"]);
      const binding = local === "default" ? own : `{ ${local} as ${own} }`;
      const given = `import ${binding} from ${path}${style.end}`;
      const list = `export { ${gated} as ${name} }${blankLine(parsed)}`;
      text.appendLeft(statement.start, given + style.newline + style.newline + list);
    },
  };
}

/** Returns the offset from which a name of the file has its value. */
function readyAt(body: readonly Node[], name: string): number {
  const variables = body.find((statement) => {
    const declaration = nodeOf(statement["declaration"]) ?? statement;
    return declaration.type === "VariableDeclaration" && declaredNames(declaration).includes(name);
  });
  if (!variables) return 0;
  const declaration = nodeOf(variables["declaration"]) ?? variables;
  // Another kind of variable may get its value in a later statement.
  return declaration["kind"] === "const" ? variables.end : Infinity;
}
