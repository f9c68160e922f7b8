import type { MagicString } from "magic-string";
import { type Node, nodeOf, nodesOf } from "#lib/source/parse";
import { CannotWrap } from "./cannot.ts";
import { nameOf, readLiteral, untyped } from "./literal.ts";
import { gateMatcher, routerHeaderOf } from "./matcher.ts";
import { declaredNames, nameIn } from "#lib/source/nodes";
import { afterEquals } from "./after-equals.ts";
import type { Style } from "./style.ts";

/** The `config` of an app's own middleware, which says where it runs. */
export interface Config {
  /** Its statement, and the expression in it. */
  readonly statement: Node;
  readonly from: number;
  readonly to: number;
  /** True when it contains only the matcher. */
  readonly isMatcherAlone: boolean;
  /** True when TypeScript widens its strings to `string`. */
  readonly isWidened: boolean;
  /** A header of Next's router on which the matcher has a condition. */
  readonly routerHeader: string | undefined;
  /** The text of the config with which the gate runs everywhere and all other settings remain. */
  readonly exported: string;
}

const WRITE_IT =
  "Next reads `config` only when it is written as `export const config = { … }`: write it that way first.";

/**
 * Returns the config of a file whose own middleware has a matcher; undefined when it runs everywhere.
 *
 * @throws {CannotWrap} when Next or the gate cannot apply it
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
    throw new CannotWrap(init.start, "`config` must be an object, as Next requires.");
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

/** Writes the exported config before the app's own. `before` begins the new declaration of the app's own. */
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

/** Writes an object in the style of another: on one line, or each member on an indented line. */
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
