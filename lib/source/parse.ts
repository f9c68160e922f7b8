import { parse } from "@babel/parser";

/** A node of the syntax tree, as ESTree names its types and fields. */
export interface Node {
  readonly type: string;
  /** Where it begins and ends: offsets in the source, in UTF-16 code units. */
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** Where a file cannot be parsed, and why. */
export interface SyntaxProblem {
  readonly message: string;
  /** The offset in the source, in UTF-16 code units. */
  readonly start: number;
}

/** What a file of an app says. */
export interface Source {
  /** The statements at the top of the file; empty where it cannot be parsed. */
  readonly body: readonly Node[];
  readonly problem: SyntaxProblem | undefined;
}

const TYPESCRIPT = /\.[cm]?tsx?$/;
/** In these files `<T>value` is a type assertion, so they hold no JSX. */
const WITHOUT_JSX = /\.[cm]?ts$/;

/**
 * Parses a file of TypeScript or JavaScript into a syntax tree of ESTree (with the nodes that
 * typescript-eslint adds to it).
 *
 * @param file its name, by which it is TypeScript or JSX
 * @throws nothing: what cannot be parsed is told by `problem`
 * @example
 * const { body } = parseSource("middleware.ts", "export { auth as default } from './auth'");
 */
export function parseSource(file: string, source: string): Source {
  try {
    const { program } = parse(source, {
      sourceType: "module",
      attachComment: false,
      // Whether a name is declared is for the compiler to say.
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

/** Returns a field of a node as a node; undefined where it holds something else. */
export function nodeOf(value: unknown): Node | undefined {
  return typeof value === "object" && value !== null && "type" in value
    ? (value as Node)
    : undefined;
}

/** Returns the nodes of a field that holds a list; empty where it holds something else. */
export function nodesOf(value: unknown): readonly Node[] {
  return Array.isArray(value) ? value.map(nodeOf).filter((node) => node !== undefined) : [];
}

/** Babel's error: the message ends with the place, which we tell in our way. */
function problemOf(error: SyntaxError & { readonly pos?: number }): SyntaxProblem {
  return { message: error.message.replace(/ \(\d+:\d+\)$/, ""), start: error.pos ?? 0 };
}
