import { posix } from "node:path";
import { nameIn } from "#lib/source/nodes";
import { type Node, nodeOf, nodesOf, parseSource } from "#lib/source/parse";

/** A file of the app after parsing. */
export interface Module {
  /** The file, from the app's folder, with "/" between folders. */
  readonly path: string;
  readonly text: string;
  readonly body: readonly Node[];
  /** Every node, in the order of the text. */
  readonly nodes: readonly Node[];
  readonly parents: ReadonlyMap<Node, Node>;
}

const ENDINGS = ["", ".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts"];
const PACKAGE = "@upstash/ratelimit";

/** The most steps for one question, since functions that call each other could take any number. */
const MOST_STEPS = 3000;

/** The files of an app, parsed when they are first needed. */
export class Project {
  #stepsLeft = MOST_STEPS;
  readonly #sources: ReadonlyMap<string, string>;
  readonly #modules = new Map<string, Module>();
  readonly #relevant: readonly Module[];

  /** @param sources the text of each file by its path */
  constructor(sources: ReadonlyMap<string, string>) {
    this.#sources = sources;
    this.#relevant = this.#closure().map((path) => this.module(path));
  }

  /** The files that mention @upstash/ratelimit, and those that may import them, directly or indirectly. */
  get modules(): readonly Module[] {
    return this.#relevant;
  }

  /** Begins a question, such as which limiter a call uses. */
  ask(): void {
    this.#stepsLeft = MOST_STEPS;
  }

  /** Returns true while a question may take another step. */
  step(): boolean {
    this.#stepsLeft -= 1;
    return this.#stepsLeft >= 0;
  }

  /** Returns a file after parsing; a file that cannot be parsed has no nodes. */
  module(path: string): Module {
    const known = this.#modules.get(path);
    if (known) return known;
    const text = this.#sources.get(path) ?? "";
    const { body } = parseSource(path, text);
    const parents = new Map<Node, Node>();
    const nodes: Node[] = [];
    for (const statement of body) collect(statement, nodes, parents);
    const made = { path, text, body, nodes, parents };
    this.#modules.set(path, made);
    return made;
  }

  /** Returns the file of the app that an import names; undefined for a package. */
  resolve(from: string, specifier: string): Module | undefined {
    const path = specifier.startsWith(".")
      ? this.#file(posix.join(posix.dirname(from), specifier))
      : this.#aliased(specifier);
    return path === undefined ? undefined : this.module(path);
  }

  /**
   * Resolves "@/lib/x", "~/lib/x" and "#lib/x" in the root, in src, and by the name without its first
   * character.
   */
  #aliased(specifier: string): string | undefined {
    const [, rest] = /^(?:@\/|~\/|#\/?|\/)(.+)$/.exec(specifier) ?? [];
    if (rest === undefined) return undefined;
    return ["", "src/", "app/"].map((folder) => this.#file(folder + rest)).find(Boolean);
  }

  #file(base: string): string | undefined {
    // An import may name ".js" for a TypeScript file.
    const stems = [base, base.replace(/\.[cm]?jsx?$/, "")];
    const tried = stems.flatMap((stem) =>
      [stem, `${stem}/index`].flatMap((name) => ENDINGS.map((ending) => name + ending)),
    );
    return tried.find((path) => this.#sources.has(path));
  }

  #closure(): readonly string[] {
    const found = new Set<string>();
    let stems = [PACKAGE];
    while (stems.length > 0) {
      const quoted = new RegExp(`(?:${stems.map(escaped).join("|")})(?:\\.[cm]?[jt]sx?)?["'\`]`);
      const added = [...this.#sources].filter(
        ([path, text]) => !found.has(path) && quoted.test(text),
      );
      for (const [path] of added) found.add(path);
      stems = added.map(([path]) => `/${stemOf(path)}`);
    }
    return [...found].toSorted();
  }
}

/** Returns the name by which another file imports a file: the folder's for an index file. */
function stemOf(path: string): string {
  const { name, dir } = posix.parse(path);
  return name === "index" ? posix.basename(dir) : name;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

function collect(node: Node, nodes: Node[], parents: Map<Node, Node>): void {
  nodes.push(node);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? nodesOf(value) : [nodeOf(value)]) {
      if (!child || typeof child.start !== "number") continue;
      parents.set(child, node);
      collect(child, nodes, parents);
    }
  }
}

/** Returns the nodes around a node, the nearest first. */
export function ancestors({ parents }: Module, node: Node): readonly Node[] {
  const found: Node[] = [];
  for (let at = parents.get(node); at; at = parents.get(at)) found.push(at);
  return found;
}

/** Returns the text of a node. */
export function textOf({ text }: Module, { start, end }: Node): string {
  return text.slice(start, end);
}

const FUNCTIONS: ReadonlySet<string> = new Set([
  "FunctionDeclaration",
  "FunctionExpression",
  "ArrowFunctionExpression",
]);

export function isFunction({ type }: Node): boolean {
  return FUNCTIONS.has(type);
}

/** Returns the function that a node is in; undefined at the top of a file. */
export function functionOf(module: Module, node: Node): Node | undefined {
  return ancestors(module, node).find(isFunction);
}

/** Returns the name of the property that a member expression or a property of an object has. */
export function keyOf(node: Node): string | undefined {
  const key = nodeOf(node["property"] ?? node["key"]);
  if (node["computed"] === true && key?.type !== "Literal") return undefined;
  return nameIn(key) ?? (typeof key?.["value"] === "number" ? String(key["value"]) : undefined);
}
