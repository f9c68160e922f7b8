import { parseSync, Visitor } from "oxc-parser";

/** A function of a file, and how long it is. */
export interface Measured {
  /** Its name; of an arrow function or a method, what it is assigned to; else "a function in line n". */
  readonly name: string;
  /** From its first line to its last, both of them, with comments and functions inside it. */
  readonly lines: number;
}

interface Place {
  readonly start: number;
  readonly end: number;
}

/** As much of a node as names a function: a declaration, a variable, a property, a method or a field. */
interface Naming {
  readonly id?: unknown;
  readonly key?: unknown;
}

/** Returns every function of a file, the longest first. Throws an Error for a file that does not parse. */
export function functionsOf(file: string, source: string): readonly Measured[] {
  const { program, errors } = parseSync(file, source);
  if (errors[0]) throw new Error(`${file}: ${errors[0].message}`);
  const names = new Map<number, string>();
  const found: Place[] = [];
  const name = (named: Naming, value: Place | null | undefined): void => {
    const text = textOf(named.id ?? named.key);
    if (value && text !== undefined) names.set(value.start, text);
  };
  new Visitor({
    VariableDeclarator: (node) => name(node, node.init),
    Property: (node) => name(node, node.value),
    PropertyDefinition: (node) => name(node, node.value),
    MethodDefinition: (node) => name(node, node.value),
    FunctionDeclaration: (node) => {
      name(node, node);
      found.push(node);
    },
    FunctionExpression: (node) => void found.push(node),
    ArrowFunctionExpression: (node) => void found.push(node),
  }).visit(program);
  const lineAt = (at: number): number => source.slice(0, at).split("\n").length;
  return found
    .map(({ start, end }) => {
      const first = lineAt(start);
      return {
        name: names.get(start) ?? `a function in line ${first}`,
        lines: lineAt(end) - first + 1,
      };
    })
    .toSorted((one, other) => other.lines - one.lines);
}

/** The name in a node of an identifier or of a literal. */
function textOf(node: unknown): string | undefined {
  if (typeof node !== "object" || node === null) return undefined;
  if ("name" in node && typeof node.name === "string") return node.name;
  return "value" in node && typeof node.value === "string" ? node.value : undefined;
}
