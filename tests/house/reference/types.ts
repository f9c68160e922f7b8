import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSync, type Span, type TSType, type TSSignature } from "oxc-parser";
import { ROOT } from "./page.ts";

/** A docstring in its parts. */
export interface Doc {
  /** The text before the first tag, in one line. */
  readonly text: string;
  /** The text of `@default`. */
  readonly standard: string | undefined;
  /** The code of `@example`. */
  readonly example: string | undefined;
}

/** A property of an interface. */
export interface Property {
  readonly name: string;
  readonly isOptional: boolean;
  /** The type as its source has it, in one line. */
  readonly type: string;
  readonly doc: Doc;
  /** The properties of an object type that is written in place. */
  readonly properties: readonly Property[];
}

/** A type that a file declares. */
export interface Declared {
  readonly doc: Doc;
  /** The properties of an interface or of an object type. */
  readonly properties: readonly Property[];
  /** The members of a union, each with its own docstring. */
  readonly members: readonly { readonly type: string; readonly doc: Doc }[];
  /** The names that an interface extends. */
  readonly extends: readonly string[];
}

interface Source {
  readonly code: string;
  readonly comments: ReturnType<typeof parseSync>["comments"];
}

/** Reads the interfaces and type aliases of a file, by their names. */
export function readTypes(path: string): ReadonlyMap<string, Declared> {
  const code = readFileSync(join(ROOT, path), "utf8");
  const { program, comments } = parseSync(path, code);
  const source = { code, comments };
  const found = new Map<string, Declared>();
  for (const node of program.body) {
    const declaration = node.type === "ExportNamedDeclaration" ? node.declaration : node;
    const doc = docBefore(source, node.start);
    if (declaration?.type === "TSInterfaceDeclaration") {
      const bases = declaration.extends.map(({ expression }) => textOf(source, expression));
      const properties = propertiesOf(source, declaration.body.body);
      found.set(declaration.id.name, { doc, properties, members: [], extends: bases });
    }
    if (declaration?.type === "TSTypeAliasDeclaration") {
      const { typeAnnotation: type, id } = declaration;
      const members = membersOf(source, type);
      const properties = type.type === "TSTypeLiteral" ? propertiesOf(source, type.members) : [];
      found.set(id.name, { doc, properties, members, extends: [] });
    }
  }
  return found;
}

function membersOf(source: Source, type: TSType): Declared["members"] {
  const types = type.type === "TSUnionType" ? type.types : [type];
  return types.map((one) => ({ type: textOf(source, one), doc: docBefore(source, one.start) }));
}

function propertiesOf(source: Source, elements: readonly TSSignature[]): readonly Property[] {
  return elements.flatMap((node) => {
    if (node.type !== "TSPropertySignature" || node.key.type !== "Identifier") return [];
    const type = node.typeAnnotation?.typeAnnotation;
    if (!type) return [];
    return {
      name: node.key.name,
      isOptional: node.optional,
      type: textOf(source, type),
      doc: docBefore(source, node.start),
      properties: type.type === "TSTypeLiteral" ? propertiesOf(source, type.members) : [],
    };
  });
}

function docBefore({ code, comments }: Source, start: number): Doc {
  const comment = comments.findLast(
    ({ type, value, end }) =>
      type === "Block" &&
      value.startsWith("*") &&
      end <= start &&
      /^[\s|]*$/.test(code.slice(end, start)),
  );
  const lines = (comment?.value.slice(1) ?? "").replaceAll(/^[ \t]*\* ?/gm, "").trim();
  const [text = "", ...tags] = lines.split(/^@/m);
  const tag = (name: string) =>
    tags.find((one) => one.startsWith(`${name} `) || one.startsWith(`${name}\n`));
  const bodyOf = (name: string) => tag(name)?.slice(name.length).trim();
  return {
    text: inMarkdown(text),
    standard: bodyOf("default")?.replaceAll(/\s+/g, " "),
    example: bodyOf("example"),
  };
}

/** Returns the text of a docstring in one paragraph each, with links to docs/reference as links. */
function inMarkdown(text: string): string {
  return text
    .trim()
    .replaceAll(/\s*\n\s*\n\s*/g, "\u0000")
    .replaceAll(/\s+/g, " ")
    .replaceAll("\u0000", "\n\n")
    .replaceAll(/\{@link (\w+)\}/g, "`$1`")
    .replaceAll(/docs\/reference\/([\w-]+)\.md/g, "[$1]($1.md)");
}

/** Returns the text of a node in one line, without comments. */
function textOf({ code, comments }: Source, { start, end }: Span): string {
  let text = code.slice(start, end);
  for (const comment of comments.toReversed()) {
    if (comment.start >= start && comment.end <= end) {
      text = text.slice(0, comment.start - start) + text.slice(comment.end - start);
    }
  }
  return text.replaceAll(/\s+/g, " ").replace(/^\| /, "").replaceAll("readonly ", "");
}
