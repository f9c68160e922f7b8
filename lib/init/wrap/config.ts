import type { MagicString } from "magic-string";
import { type Node, nodeOf, nodesOf } from "#lib/source/parse";
import { CannotWrap } from "./cannot.ts";
import { nameOf, readLiteral, untyped } from "./literal.ts";
import { gateMatcher, routerHeaderOf } from "./matcher.ts";
import { declaredNames, nameIn } from "#lib/source/nodes";
import { afterEquals } from "./after-equals.ts";
import type { Style } from "./style.ts";

/** What an app's `config` says of where its own middleware runs. */
export interface Config {
  /** Where its statement begins and ends, and the expression in it. */
  readonly statement: Node;
  readonly from: number;
  readonly to: number;
  /** True where it holds nothing but the matcher. */
  readonly isMatcherAlone: boolean;
  /** True where TypeScript takes its strings for any string, and not for what they are. */
  readonly isWidened: boolean;
  /** A header of Next's router on which the matcher has a condition. */
  readonly routerHeader: string | undefined;
  /** The text of the config by which the gate runs everywhere, and all else stays in force. */
  readonly exported: string;
}

const WRITE_IT =
  "Next reads `config` only where it is written as `export const config = { … }`: write it so first.";

/**
 * Returns the config of a file whose own middleware has a matcher; undefined where it runs everywhere.
 *
 * @throws {CannotWrap} where Next, or the gate, cannot do what it says
 */
export function configOf(
  file: string,
  source: string,
  body: readonly Node[],
  { style, hasLocales }: { readonly style: Style; readonly hasLocales: boolean },
): Config | undefined {
  const statement = body.find(exportsConfig);
  if (!statement) return undefined;
  const { declarator, isAlone } = declaratorOf(statement);
  const init = nodeOf(declarator["init"]);
  if (!init) throw new CannotWrap(statement.start, WRITE_IT);
  const literal = untyped(init);
  const value = readLiteral(init);
  if (literal.type !== "ObjectExpression") {
    throw new CannotWrap(init.start, "`config` must be an object, as Next takes it.");
  }
  const properties = nodesOf(literal["properties"]);
  const matcher = properties.find((property) => nameOf(property) === "matcher");
  const { matcher: own } = value as { readonly matcher?: unknown };
  if (!matcher || own === undefined) return undefined;
  if (!isAlone) {
    const reason = "`config` is declared together with other names: give it a separate statement.";
    throw new CannotWrap(statement.start, reason);
  }
  const others = properties.filter((property) => property !== matcher);
  const line = `matcher: [${style.quoted(gateMatcher(own, matcher.start, hasLocales))}]`;
  const hasConditions = Array.isArray(own) && own.some((entry) => typeof entry === "object");
  return {
    statement,
    from: afterEquals(source, declarator),
    to: source[statement.end - 1] === ";" ? statement.end - 1 : statement.end,
    routerHeader: routerHeaderOf(own),
    isMatcherAlone: others.length === 0,
    isWidened: hasConditions && literal === init && /\.[cm]?tsx?$/.test(file),
    exported: objectText(source, literal, [line, ...others.map((it) => textOf(source, it))], style),
  };
}

/** Writes the exported config before the app's own, which then stands in what `before` begins. */
export function writeConfig(text: MagicString, config: Config, { end, newline }: Style) {
  return (before: string, after = ""): void => {
    text.appendLeft(config.from, `${config.exported}${end}${newline}${newline}${before}`);
    if (after) text.appendLeft(config.to, after);
  };
}

function exportsConfig(statement: Node): boolean {
  const declaration = nodeOf(statement["declaration"]);
  if (declaration && statement.type === "ExportNamedDeclaration") {
    return declaredNames(declaration).includes("config");
  }
  return nodesOf(statement["specifiers"]).some((it) => nameIn(it["exported"]) === "config");
}

function declaratorOf(statement: Node) {
  const declaration = nodeOf(statement["declaration"]);
  const declarators = nodesOf(declaration?.["declarations"]);
  const declarator = declarators.find(({ id }) => nameIn(id) === "config");
  if (!declarator || declaration?.["kind"] !== "const") {
    throw new CannotWrap(statement.start, WRITE_IT);
  }
  return { declarator, isAlone: declarators.length === 1 };
}

function textOf(source: string, { start, end }: Node): string {
  return source.slice(start, end);
}

/** Writes an object in the form of another: on one line, or each member on a line with its indentation. */
function objectText(
  source: string,
  like: Node,
  members: readonly string[],
  { newline }: Style,
): string {
  const [first] = nodesOf(like["properties"]);
  const lead = source.slice(like.start, first?.start);
  if (!lead.includes("\n")) return `{ ${members.join(", ")} }`;
  const indent = /[ \t]*$/.exec(lead)?.[0] ?? "";
  return [`{`, ...members.map((it) => `${indent}${it},`), `}`].join(newline);
}
