import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  type Class,
  type Declaration,
  type Function as FunctionNode,
  type MethodDefinition,
  type ParamPattern,
  parseSync,
} from "oxc-parser";
import { ROOT } from "./app.ts";

/** A public entry of the package, read from its source. */
export interface Entry {
  /** The specifier that an app imports, such as "headgate/locks". */
  readonly name: string;
  readonly values: readonly Value[];
  /** The names of its types. */
  readonly types: readonly string[];
}

/** An exported function, class or constant. */
export interface Value {
  readonly name: string;
  readonly isFunction: boolean;
  /** The name, parameters and type in one line. */
  readonly signature: string;
  /** The docstring without asterisks, or an empty text. */
  readonly doc: string;
}

const LIB = join(ROOT, "lib");

/** Reads every entry of lib/package.json from its source, in the order of "exports". */
export function readEntries(): readonly Entry[] {
  const { exports } = JSON.parse(readFileSync(join(LIB, "package.json"), "utf8")) as {
    readonly exports: Readonly<Record<string, string>>;
  };
  return Object.entries(exports).map(([subpath, path]) => {
    const exported = exportsOf(join(LIB, path));
    return {
      name: `headgate${subpath.slice(1)}`,
      values: exported.flatMap(({ value }) => value ?? []),
      types: exported.flatMap(({ name, value }) => (value ? [] : name)).toSorted(),
    };
  });
}

/** Returns the first sentence of a docstring, in Markdown. */
export function firstSentence(doc: string): string {
  const [text = ""] = doc.split(/(?:^|\s)@\w+/);
  const words = text.replaceAll(/\s+/g, " ").replaceAll(/\{@link (\w+)\}/g, "`$1`");
  return /^.*?\.(?= |$)/.exec(words)?.[0] ?? words;
}

/** Returns the code of each `@example` of a docstring. */
export function examplesOf(doc: string): readonly string[] {
  return [...doc.matchAll(/@example\b(.*?)(?=\n@\w|$)/gs)].map(([, code = ""]) => code.trim());
}

interface Exported {
  readonly name: string;
  /** Returns undefined for a type. */
  readonly value: Value | undefined;
}

interface Source {
  readonly file: string;
  readonly code: string;
  readonly parsed: ReturnType<typeof parseSync>;
}

function sourceOf(file: string): Source {
  const code = readFileSync(file, "utf8");
  return { file, code, parsed: parseSync(file, code) };
}

function exportsOf(file: string): readonly Exported[] {
  const source = sourceOf(file);
  return source.parsed.program.body.flatMap((node) => {
    if (node.type !== "ExportNamedDeclaration") return [];
    if (node.declaration) return declared(source, node.declaration, node.start);
    const from = node.source?.value;
    return node.specifiers.map((one): Exported => {
      const name = "name" in one.exported ? one.exported.name : one.exported.value;
      const isType = node.exportKind === "type" || one.exportKind === "type";
      if (isType || from === undefined) return { name, value: undefined };
      const found = exportsOf(fileOf(from, file)).find((other) => other.name === name);
      if (!found) throw new Error(`${from} has no export ${name}.`);
      return found;
    });
  });
}

function fileOf(specifier: string, importer: string): string {
  if (specifier.startsWith("#lib/")) return join(LIB, `${specifier.slice("#lib/".length)}.ts`);
  return join(dirname(importer), specifier);
}

function declared(source: Source, declaration: Declaration, start: number): readonly Exported[] {
  const doc = docBefore(source, start);
  const made = (name: string, signature: string, isFunction: boolean): readonly Exported[] => [
    { name, value: { name, isFunction, doc, signature: signature.replaceAll(/\s+/g, " ") } },
  ];
  if (declaration.type === "FunctionDeclaration" && declaration.id) {
    const { name } = declaration.id;
    return made(name, `${name}${signatureOf(source, declaration)}`, true);
  }
  if (declaration.type === "ClassDeclaration" && declaration.id) {
    const { name } = declaration.id;
    return made(name, `new ${name}${constructorOf(source, declaration)}`, false);
  }
  if (declaration.type === "VariableDeclaration") {
    return declaration.declarations.flatMap(({ id }) =>
      "name" in id ? made(id.name, id.name + typeOf(source, id.typeAnnotation), false) : [],
    );
  }
  const name =
    "id" in declaration && declaration.id && "name" in declaration.id && declaration.id.name;
  return name ? [{ name, value: undefined }] : [];
}

function docBefore({ code, parsed }: Source, start: number): string {
  const comment = parsed.comments.findLast(
    ({ type, value, end }) =>
      type === "Block" &&
      value.startsWith("*") &&
      end <= start &&
      code.slice(end, start).trim() === "",
  );
  return (comment?.value.slice(1) ?? "").replaceAll(/^[ \t]*\* ?/gm, "").trim();
}

type Signature = Pick<FunctionNode, "params" | "returnType" | "typeParameters">;

function signatureOf(source: Source, { params, returnType, typeParameters }: Signature): string {
  const generics = typeParameters ? textOf(source, typeParameters) : "";
  const list = params.map((param) => parameterOf(source, param)).join(", ");
  return `${generics}(${list})${typeOf(source, returnType)}`;
}

function constructorOf(source: Source, { body }: Class): string {
  const found = body.body.find(
    (one): one is MethodDefinition => one.type === "MethodDefinition" && one.kind === "constructor",
  );
  return found ? signatureOf(source, { ...found.value, returnType: null }) : "()";
}

/** Returns a parameter as a caller sees it: optional if it has a default, and `options` if it is destructured. */
function parameterOf(source: Source, param: ParamPattern): string {
  if (param.type === "AssignmentPattern") {
    const { left, right } = param;
    const type = left.typeAnnotation
      ? typeOf(source, left.typeAnnotation)
      : `: ${right.type === "Literal" ? typeof right.value : "unknown"}`;
    return `${"name" in left ? left.name : "options"}?${type}`;
  }
  if (param.type !== "Identifier" && param.type !== "ObjectPattern") return textOf(source, param);
  const name = param.type === "Identifier" ? param.name : "options";
  return `${name}${param.optional ? "?" : ""}${typeOf(source, param.typeAnnotation)}`;
}

interface Place {
  readonly start: number;
  readonly end: number;
}

function typeOf(source: Source, annotation: Place | null | undefined): string {
  if (!annotation) return "";
  return `: ${textOf(source, annotation).replace(/^:\s*/, "")}`;
}

/** Returns the text of a node in one line, without its comments. */
function textOf({ code, parsed }: Source, { start, end }: Place): string {
  let text = "";
  let at = start;
  for (const comment of parsed.comments) {
    if (comment.start < start || comment.end > end) continue;
    text += code.slice(at, comment.start);
    at = comment.end;
  }
  const whole = text + code.slice(at, end);
  return whole
    .replaceAll(/\s+/g, " ")
    .replaceAll(/,(?= ?[)}>])/g, "")
    .replaceAll(/([(<]) | (?=[)>](?!=))/g, "$1");
}
