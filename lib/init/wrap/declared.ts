import type { MagicString } from "magic-string";
import { type Node, nodeOf, nodesOf } from "#lib/source/parse";
import { CannotWrap } from "./cannot.ts";
import { declaredNames, nameIn } from "#lib/source/nodes";
import { afterEquals } from "./after-equals.ts";
import type { Parsed, Runner } from "./form.ts";

const NO_FUNCTION = /^(?:Class|Object|Array|Literal$|TemplateLiteral$)/;

/** Returns the runner of `export default …`: a function declaration, or any expression. */
export function ofDefault(parsed: Parsed, statement: Node, declaration: Node): Runner {
  refuseOther(declaration);
  const isFunction = declaration.type === "FunctionDeclaration";
  const at = valueStart(parsed.source, statement);
  const declared = nameIn(declaration["id"]);
  const own = declared ?? parsed.style.free("own", "ownMiddleware");
  const { newline } = parsed.style;
  const nameIt = (text: MagicString) => {
    if (!isFunction || declared !== undefined) return;
    const { keyword, space } = keywordAt(parsed, at);
    text.appendLeft(keyword + space.length, space === "" ? ` ${own}` : own);
  };
  return {
    own,
    readyAt: isFunction ? 0 : statement.end,
    exportInstead(text, gated) {
      text.appendLeft(
        statement.start + "export".length,
        ` { ${gated} as ${parsed.name}, ${gated} as`,
      );
      const then = isFunction ? "" : `const ${own} = `;
      text.appendLeft(at, `}${parsed.style.end}${newline}${newline}${then}`);
      nameIt(text);
    },
    inPlace: {
      at: statement.start,
      write(text, before, after) {
        if (isFunction) {
          text.appendLeft(at, before + own + after + parsed.style.end + newline + newline);
          nameIt(text);
        } else {
          text.appendLeft(at, before);
          text.appendLeft(valueEnd(parsed.source, statement), after);
        }
      },
    },
  };
}

/**
 * Returns the runner of `export function …`, with or without overloads, or of `export const …`, with one name
 * or several.
 */
export function ofDeclaration(parsed: Parsed, statement: Node, declaration: Node): Runner {
  const { body, source, name } = parsed;
  const declarators = nodesOf(declaration["declarations"]);
  const [only] = declarators;
  const init = nodeOf(only?.["init"]);
  refuseOther(init ?? declaration);
  const isFunction = declarators.length === 0;
  const overloads = body.filter((it) => it !== statement && declares(it, name));
  const isSimple = declarators.length === 1 && init && nameIn(only?.["id"]) === name;
  const exportInstead = (text: MagicString, gated: string) => {
    const others = declaredNames(declaration).filter((it) => it !== name);
    const list = [`${gated} as ${name}`, ...others].join(", ");
    text.appendLeft(declaration.start, `{ ${list} }${blankLine(parsed)}`);
    // No statement may be between the overloads of a function.
    for (const { start } of overloads) {
      text.appendLeft(start, "/* ").appendLeft(start + "export".length, " */");
    }
  };
  const inPlace = isSimple
    ? {
        at: statement.start,
        write(text: MagicString, before: string, after: string) {
          text.appendLeft(afterEquals(source, only ?? declaration), before);
          text.appendLeft(valueEnd(source, statement), after);
        },
      }
    : undefined;
  return {
    own: name,
    readyAt: isFunction ? 0 : statement.end,
    exportInstead,
    ...(inPlace && { inPlace }),
  };
}

/**
 * Returns the runner of `export default function f(a: A): B`, an overload. The default export does not
 * change, because Next prefers the named export.
 */
export function ofOverloads(parsed: Parsed, statement: Node, declaration: Node): Runner {
  const own = nameIn(declaration["id"]);
  if (own === undefined) {
    throw new CannotWrap(statement.start, "The function has overloads and no name: give it one.");
  }
  return {
    own,
    readyAt: 0,
    exportInstead(text, gated) {
      const list = `export { ${gated} as ${parsed.name} }${blankLine(parsed)}`;
      text.appendLeft(statement.start, list);
    },
  };
}

/** Returns the text between two statements. */
export function blankLine({ style: { end, newline } }: Parsed): string {
  return end + newline + newline;
}

function declares({ type, declaration }: Node, name: string): boolean {
  const declared = nodeOf(declaration);
  return type === "ExportNamedDeclaration" && declared !== undefined
    ? declaredNames(declared).includes(name)
    : false;
}

function refuseOther(node: Node): void {
  if (!NO_FUNCTION.test(node.type)) return;
  const reason =
    "Next calls the value that is exported here, but it is not a function: export a function first.";
  throw new CannotWrap(node.start, reason);
}

/** Returns the offset after `export default` and the spaces that follow. */
function valueStart(source: string, { start, end }: Node): number {
  const [words = ""] = /^export\s+default\s*/.exec(source.slice(start, end)) ?? [];
  if (words === "") {
    throw new CannotWrap(start, "There is a comment inside `export default`: move it first.");
  }
  return start + words.length;
}

function valueEnd(source: string, { end }: Node): number {
  return source[end - 1] === ";" ? end - 1 : end;
}

/** Returns the offset after the word `function`, and the space that follows. */
function keywordAt({ source }: Parsed, at: number) {
  const keyword = source.indexOf("function", at) + "function".length;
  const [space = ""] = /^[ \t]*/.exec(source.slice(keyword)) ?? [];
  return { keyword, space };
}
