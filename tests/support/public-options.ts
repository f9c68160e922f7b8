import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import {
  isMappedTypeNode,
  isMethodSignatureDeclaration,
  isPropertySignatureDeclaration,
  type Node,
  SyntaxKind,
} from "typescript/unstable/ast";
import {
  type Checker,
  type Project,
  type Symbol as Name,
  SignatureKind,
  SymbolFlags,
  type Type,
  TypeFlags,
} from "typescript/unstable/sync";
import { ROOT } from "./app.ts";
import { withProject } from "./compile.ts";

/** A property of an object that a caller passes to a public function, or to a method of its result. */
export interface Option {
  /** The type that declares it, and its name: "HoldOptions.ttl". */
  readonly name: string;
  readonly property: string;
  readonly isOptional: boolean;
  /** Whether its value may be any number. */
  readonly isNumber: boolean;
  /** The text of the docstring before its tags. */
  readonly text: string;
  /** The texts of its tags. */
  readonly defaults: readonly string[];
  readonly examples: readonly string[];
}

const LIB = join(ROOT, "lib");

/**
 * The types of objects that an app passes on as it received them, from Headgate, Next or another library, and
 * whose properties therefore need no example.
 */
const PASSED_ON = new Map([
  ["AfterAnswer", "Next passes it to the middleware"],
  ["AnyPolicy", "an app writes a PolicyInput"],
  ["ChosenStore", "`chooseStore` returns it"],
  ["ClaimToken", "`claim` returns it"],
  ["Client", "Headgate passes it to `Live`"],
  ["Collected", "OpenTelemetry passes it to the exporter"],
  ["CounterParts", "Headgate passes it to `counters`"],
  ["Decision", "`limit` returns it"],
  ["Gate", "`createHeadgate` returns it"],
  ["GateHandle", "`createHeadgate` returns it"],
  ["HeadgateEvent", "Headgate passes it to a listener"],
  ["HeadgateTestFixtures", "Playwright passes it to a fixture"],
  ["HeadgateWorkerFixtures", "Playwright passes it to a fixture"],
  ["Keys", "`keyNames` returns it"],
  ["LimitStore", "`memoryLimits` and `upstashLimits` return it"],
  ["Live", "`live` returns it"],
  ["LiveParts", "Headgate passes it to `live`"],
  ["Lock", "`acquire` returns it"],
  ["Match", "Headgate passes it to `Live`"],
  ["NamedRest", "`namedStore` returns it"],
  ["NamedStore", "`namedStore` returns it"],
  ["NamespaceVariables", "`processVariables` returns it"],
  ["OtelApi", "an app imports it from `@opentelemetry/api`"],
  ["PolicyProblem", "a PolicyError has it"],
  ["RedisAddress", "`namedRedis` returns it"],
  ["Requester", "a gate has it"],
  ["Rewrite", "`readRewrites` returns it"],
  ["Rewrites", "`readRewrites` returns it"],
  ["RouteContext", "Next passes it to a route"],
  ["RuleSet", "Headgate passes it to `Live`"],
  ["Script", "`defineScript` returns it"],
  ["ScriptPipeline", "`createScriptStore` returns it"],
  ["ScriptStore", "`createScriptStore` returns it"],
  ["StoreParts", "Headgate passes it to `limitStore`"],
  ["WorkerOf", "Playwright passes it to a fixture"],
]);

/**
 * Reads the options of all public functions: the properties of the objects that a caller passes to them and to
 * the methods of their results. The compiler finds them by itself, so a new option is found too.
 *
 * @param folder a folder within the tree, for the settings of the compiler
 * @throws {Error} when no caller passes one of the types in `PASSED_ON` any more
 */
export function readOptions(folder: string): readonly Option[] {
  const { exports } = JSON.parse(readFileSync(join(LIB, "package.json"), "utf8")) as {
    readonly exports: Readonly<Record<string, string>>;
  };
  const entries = Object.values(exports).map((path) => join(LIB, path));
  const settings = {
    extends: relative(folder, join(ROOT, "tsconfig.json")),
    compilerOptions: { incremental: false, tsBuildInfoFile: null },
    files: entries,
    include: [],
  };
  return withProject(folder, settings, (project) => {
    const walk = new Walk(project.checker);
    for (const entry of entries) walk.entry(moduleOf(project, entry));
    return walk.options();
  });
}

function moduleOf({ program, checker }: Project, entry: string): Name {
  const file = program.getSourceFile(entry);
  const found = file && checker.getSymbolAtLocation(file);
  if (!found) throw new Error(`${entry} is no module.`);
  return found;
}

/** Whether a caller passes a value, or receives it. Functions in a received value have options too. */
type Side = "passed" | "received";

/** Walks the types of public functions, and collects the properties that a caller passes. */
class Walk {
  readonly #checker: Checker;
  readonly #seen = new Set<string>();
  readonly #found = new Map<Node, Option>();
  readonly #passedOn = new Set<string>();

  constructor(checker: Checker) {
    this.#checker = checker;
  }

  options(): readonly Option[] {
    for (const [name, reason] of PASSED_ON) {
      if (!this.#passedOn.has(name)) throw new Error(`No caller passes ${name} (${reason}).`);
    }
    return [...this.#found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  entry(module: Name): void {
    for (const exported of this.#checker.getExportsOfModule(module)) {
      const name =
        exported.flags & SymbolFlags.Alias ? this.#checker.getAliasedSymbol(exported) : exported;
      if (!(name.flags & SymbolFlags.Value)) continue;
      const type = this.#checker.getTypeOfSymbol(name);
      if (!type) continue;
      for (const kind of [SignatureKind.Call, SignatureKind.Construct]) {
        for (const signature of this.#checker.getSignaturesOfType(type, kind)) {
          for (const parameter of signature.getParameters()) this.#property(parameter, "passed");
          const result = this.#checker.getReturnTypeOfSignature(signature);
          // The results of functions are walked, also those that an app passes on to other functions.
          if (result && kind === SignatureKind.Call) this.#members(result, "received");
        }
      }
    }
  }

  #type(type: Type | undefined, side: Side): void {
    if (!type || this.#seen.has(`${type.id} ${side}`)) return;
    this.#seen.add(`${type.id} ${side}`);
    const names = [type.getAliasSymbol()?.name, type.getSymbol()?.name];
    if (names.some((name) => this.#isPassedOn(name))) return;
    if (type.isUnionType()) {
      for (const one of type.getTypes()) this.#type(one, side);
    } else if (type.isTypeParameter()) {
      this.#type(this.#checker.getBaseConstraintOfType(type), side);
    } else if (type.isIntersectionType() || type.isObjectType()) {
      this.#members(type, side);
    }
  }

  #members(type: Type, side: Side): void {
    const checker = this.#checker;
    for (const signature of checker.getSignaturesOfType(type, SignatureKind.Call)) {
      // A function that is passed is called by Headgate, so only its result is the caller's.
      for (const one of side === "received" ? signature.getParameters() : []) {
        this.#property(one, "passed");
      }
      this.#type(checker.getReturnTypeOfSignature(signature), side);
    }
    if (type.isTypeReference()) {
      for (const one of checker.getTypeArguments(type)) this.#type(one, side);
    }
    for (const { valueType } of checker.getIndexInfosOfType(type)) this.#type(valueType, side);
    for (const one of this.#valuesOfMapped(type)) this.#type(one, side);
    // An instance of a class is made by its constructor, and not by a caller.
    if ((type.getSymbol()?.flags ?? 0) & SymbolFlags.Class) return;
    for (const property of checker.getPropertiesOfType(type)) {
      const declaration = property.declarations[0];
      const isOurs = declaration?.path.startsWith(`${LIB}/`);
      const node = isOurs ? declaration?.resolve() : undefined;
      if (!node) continue;
      const owner = ownerOf(node);
      if (side === "passed") {
        if (this.#isPassedOn(owner) || this.#isForbidden(property)) continue;
        this.#add(node, owner, property);
      }
      this.#property(property, side);
    }
  }

  #property(property: Name, side: Side): void {
    this.#type(this.#checker.getTypeOfSymbol(property), side);
  }

  /** Returns the types of the values of a mapped type whose keys are not known, as of a generic function. */
  #valuesOfMapped(type: Type): readonly Type[] {
    const nodes = (type.getSymbol()?.declarations ?? []).map((one) => one.resolve());
    const mapped = nodes.find((node) => node && isMappedTypeNode(node));
    if (!mapped || !isMappedTypeNode(mapped)) return [];
    const values = mapped.type && this.#checker.getTypeFromTypeNode(mapped.type);
    return [...(values ? [values] : []), ...type.getAliasTypeArguments()];
  }

  /** Returns true for a property that a caller must not pass: `readonly tiers?: never`. */
  #isForbidden(property: Name): boolean {
    const flags = this.#checker.getTypeOfSymbol(property)?.flags ?? 0;
    return (flags & ~(TypeFlags.Undefined | TypeFlags.Never)) === 0;
  }

  #isNumber(property: Name): boolean {
    const type = this.#checker.getTypeOfSymbol(property);
    const types = type?.isUnionType() ? type.getTypes() : [type];
    return types.some((one) => ((one?.flags ?? 0) & TypeFlags.Number) !== 0);
  }

  #isPassedOn(name: string | undefined): boolean {
    if (name === undefined || !PASSED_ON.has(name)) return false;
    this.#passedOn.add(name);
    return true;
  }

  #add(node: Node, owner: string, property: Name): void {
    const tags = property.getJsDocTags(this.#checker);
    const textsOf = (tag: string) =>
      tags.flatMap((one) => (one.name === tag ? (one.text ?? "").trim() : []));
    this.#found.set(node, {
      name: `${owner}.${property.name}`,
      property: property.name,
      isOptional:
        (isPropertySignatureDeclaration(node) || isMethodSignatureDeclaration(node)) &&
        node.postfixToken?.kind === SyntaxKind.QuestionToken,
      isNumber: this.#isNumber(property),
      text: property.getDocumentationComment(this.#checker),
      defaults: textsOf("default"),
      examples: textsOf("example"),
    });
  }
}

/** Returns the names of the declarations around a property: of its type, and of properties between. */
function ownerOf(node: Node): string {
  const names: string[] = [];
  for (let at = node.parent as Node | undefined; at; at = at.parent as Node | undefined) {
    const { name } = at as { readonly name?: { readonly text?: string } };
    if (name?.text !== undefined) names.unshift(name.text);
  }
  return names.join(".");
}
