import { type Node, nodeOf } from "#lib/source/parse";
import { visit } from "#lib/source/nodes";

/** The style of a file, and the names that are free in it. */
export interface Style {
  /** The end of a statement. */
  readonly end: ";" | "";
  readonly newline: "\n" | "\r\n";
  /** Returns a string literal. */
  readonly quoted: (text: string) => string;
  /** Returns the first of these names that the file does not use, or the last with a number. */
  readonly free: (...names: readonly [string, ...string[]]) => string;
}

const ENDED = /^(?:Import|Export|VariableDeclaration$|ExpressionStatement$)/;

/** Reads the style of a file from its statements. */
export function styleOf(source: string, body: readonly Node[]): Style {
  const used = new Set<unknown>();
  for (const statement of body) {
    visit(statement, (node) => {
      if (node.type === "Identifier") used.add(node["name"]);
    });
  }
  const ends = body.filter((it) => ENDED.test(it.type) && !isFunction(nodeOf(it["declaration"])));
  const ended = ends.filter(({ end }) => source[end - 1] === ";");
  const quote = quoteOf(source, body);
  return {
    end: ends.length === 0 || ended.length > 0 ? ";" : "",
    newline: source.includes("\r\n") ? "\r\n" : "\n",
    quoted(text) {
      const inner = text.replaceAll("\\", "\\\\").replaceAll(quote, `\\${quote}`);
      return quote + inner + quote;
    },
    free(...names) {
      const last = names.at(-1) ?? "";
      const found = names.find((name) => !used.has(name));
      if (found !== undefined) return found;
      let number = 2;
      while (used.has(last + number)) number += 1;
      return last + number;
    },
  };
}

function isFunction(declaration: Node | undefined): boolean {
  return /Function|Class/.test(declaration?.type ?? "");
}

/** Returns the quote of most strings in a file; double quotes for a file without strings. */
function quoteOf(source: string, body: readonly Node[]): '"' | "'" {
  let single = 0;
  let double = 0;
  for (const statement of body) {
    visit(statement, ({ type, start }) => {
      if (type !== "Literal") return;
      if (source[start] === "'") single += 1;
      if (source[start] === '"') double += 1;
    });
  }
  return single > double ? "'" : '"';
}
