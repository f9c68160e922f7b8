import { type ParseResult, parseSync, Visitor } from "oxc-parser";

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

/**
 * Text that may be an import which is not in the parser's list of static imports: `import()`, `require()`, and
 * imports within `declare module`. For other files the list is enough, and the tree need not be made.
 */
const NEEDS_TREE = /\bimport\s*[(/]|\brequire\b|\bdeclare\b|\bexport\s*\{\s*[}/]/;

/** Returns every import of a file, in the order of the source. Throws an Error for a file that does not parse. */
export function importsOf(file: string, source: string): readonly Import[] {
  const parsed = parseSync(file, source);
  if (parsed.errors[0]) throw new Error(`${file}: ${parsed.errors[0].message}`);
  const found = NEEDS_TREE.test(source) ? inTree(parsed) : inList(parsed);
  return found
    .toSorted((one, other) => one.start - other.start)
    .map((node) => ({ specifier: textOf(node), line: lineAt(source, node.start) }));
}

function inTree({ program }: ParseResult): readonly Node[] {
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
  return found;
}

function inList({ module }: ParseResult): readonly Node[] {
  return [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest),
    // Every name of an export has the same specifier.
    ...module.staticExports.flatMap(({ entries: [first] }) => first?.moduleRequest ?? []),
  ];
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
