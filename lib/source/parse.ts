import { parse } from "@babel/parser";

/** A node of the syntax tree, with the types and fields of ESTree. */
export interface Node {
  readonly type: string;
  /** The start and end: offsets in the source, in UTF-16 code units. */
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** Where and why a file cannot be parsed. */
export interface SyntaxProblem {
  readonly message: string;
  /** The offset in the source, in UTF-16 code units. */
  readonly start: number;
}

/** A file of an app after parsing. */
export interface Source {
  /** The statements at the top of the file; empty when it cannot be parsed. */
  readonly body: readonly Node[];
  readonly problem: SyntaxProblem | undefined;
}

const TYPESCRIPT = /\.[cm]?tsx?$/;
/** In these files `<T>value` is a type assertion, so they contain no JSX. */
const WITHOUT_JSX = /\.[cm]?ts$/;

/**
 * Parses a file of TypeScript or JavaScript into a syntax tree of ESTree (with the nodes that
 * typescript-eslint adds to it).
 *
 * @param file its name, which says whether it is TypeScript or JSX
 * @throws nothing: `problem` says why a file cannot be parsed
 * @example
 * const { body } = parseSource("middleware.ts", "export { auth as default } from './auth'");
 */
export function parseSource(file: string, source: string): Source {
  try {
    const { program } = parse(source, {
      sourceType: "module",
      attachComment: false,
      // The compiler reports undeclared names.
      allowUndeclaredExports: true,
      plugins: [
        ["estree", { classFeatures: true }],
        "decorators",
        ...(TYPESCRIPT.test(file) ? (["typescript"] as const) : []),
        ...(WITHOUT_JSX.test(file) ? [] : (["jsx"] as const)),
      ],
    });
    return { body: nodesOf(program.body), problem: undefined };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { body: [], problem: problemOf(error) };
  }
}

/** Returns a field of a node as a node; undefined when it is not a node. */
export function nodeOf(value: unknown): Node | undefined {
  return typeof value === "object" && value !== null && "type" in value
    ? (value as Node)
    : undefined;
}

/** Returns the nodes of a field that holds a list; empty when it is not a list. */
export function nodesOf(value: unknown): readonly Node[] {
  return Array.isArray(value) ? value.map(nodeOf).filter((node) => node !== undefined) : [];
}

/** Converts Babel's error. Its message ends with the place, which is reported separately. */
function problemOf(error: SyntaxError & { readonly pos?: number }): SyntaxProblem {
  return { message: error.message.replace(/ \(\d+:\d+\)$/, ""), start: error.pos ?? 0 };
}
