import { parseSync, Visitor } from "oxc-parser";

/** One import in a file: `import`, `import type`, `export … from`, `import()`, `import("…").Type` or `require()`. */
export interface Import {
  /** What is written between the quotes; undefined where it is computed. */
  readonly specifier: string | undefined;
  /** From 1. */
  readonly line: number;
}

interface Node {
  readonly start: number;
}

/** Returns every import of a file, in the order of the source. Throws an Error for a file that does not parse. */
export function importsOf(file: string, source: string): readonly Import[] {
  const { program, errors } = parseSync(file, source);
  if (errors[0]) throw new Error(`${file}: ${errors[0].message}`);
  const found: Node[] = [];
  const take = (specifier: Node | null): void => void (specifier && found.push(specifier));
  new Visitor({
    ImportDeclaration: (node) => take(node.source),
    ExportNamedDeclaration: (node) => take(node.source),
    ExportAllDeclaration: (node) => take(node.source),
    ImportExpression: (node) => take(node.source),
    TSImportType: (node) => take(node.source),
    TSExternalModuleReference: (node) => take(node.expression),
    CallExpression: ({ callee, arguments: [first] }) => {
      if (callee.type === "Identifier" && callee.name === "require") take(first ?? null);
    },
  }).visit(program);
  return found
    .toSorted((one, other) => one.start - other.start)
    .map((node) => ({ specifier: textOf(node), line: lineAt(source, node.start) }));
}

/** Returns the text of a literal, or of a template without expressions. */
function textOf(node: Node): string | undefined {
  if ("value" in node && typeof node.value === "string") return node.value;
  if (!("quasis" in node) || !Array.isArray(node.quasis) || node.quasis.length !== 1)
    return undefined;
  const [only] = node.quasis as readonly { readonly value: { readonly cooked: string | null } }[];
  return only?.value.cooked ?? undefined;
}

function lineAt(source: string, at: number): number {
  return source.slice(0, at).split("\n").length;
}
