import { type Node, nodeOf, nodesOf } from "#lib/source/parse";
import { CannotWrap } from "./cannot.ts";
import { declaredNames, nameIn } from "#lib/source/nodes";
import { ofDefault, ofDeclaration, ofOverloads } from "./declared.ts";
import { ofReExport, ofSpecifier } from "./listed.ts";
import { ofCommonJs } from "./common-js.ts";
import type { Parsed, Runner } from "./form.ts";

/**
 * Finds the function that Next runs: the export with the name of the file, else the default export.
 *
 * @throws {CannotWrap} when the file exports no middleware, or one that is not a function
 */
export function runnerOf(parsed: Parsed): Runner {
  const found = exported(parsed, parsed.name) ?? starred(parsed) ?? exported(parsed, "default");
  if (found) return found;
  const reason = `Next runs the export \`${parsed.name}\` or the default export, but the file has neither: export the function first.`;
  throw new CannotWrap(0, reason);
}

function exported(parsed: Parsed, name: string): Runner | undefined {
  for (const statement of parsed.body) {
    const found = inStatement(parsed, statement, name);
    if (found) return found;
  }
  return undefined;
}

function inStatement(parsed: Parsed, statement: Node, name: string): Runner | undefined {
  const declaration = nodeOf(statement["declaration"]);
  switch (statement.type) {
    case "ExportDefaultDeclaration":
      if (name !== "default" || !declaration) return undefined;
      return declaration.type === "TSDeclareFunction"
        ? ofOverloads(parsed, statement, declaration)
        : ofDefault(parsed, statement, declaration);
    case "ExportNamedDeclaration": {
      if (declaration) {
        const isIt = declaredNames(declaration).includes(name);
        return isIt ? ofDeclaration(parsed, statement, declaration) : undefined;
      }
      const specifier = nodesOf(statement["specifiers"]).find(
        (it) => nameIn(it["exported"]) === name && it["exportKind"] !== "type",
      );
      if (!specifier || statement["exportKind"] === "type") return undefined;
      return statement["source"]
        ? ofReExport(parsed, statement, specifier)
        : ofSpecifier(parsed, specifier);
    }
    case "ExpressionStatement":
      return ofCommonJs(parsed, statement, name);
    default:
      return undefined;
  }
}

function starred({ body }: Parsed): undefined {
  const star = body.find(({ type }) => type === "ExportAllDeclaration");
  if (!star) return undefined;
  const reason =
    "`export *` does not say what it exports, and Next may run a function of it: name its exports instead.";
  throw new CannotWrap(star.start, reason);
}
