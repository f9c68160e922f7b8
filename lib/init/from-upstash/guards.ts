import { nameIn } from "#lib/source/nodes";
import { type Node, nodeOf, nodesOf } from "#lib/source/parse";
import { bindingsOf } from "./bindings.ts";
import { limitersOf } from "./limiters.ts";
import { ancestors, isFunction, keyOf, type Project, textOf } from "./project.ts";
import { bare, part, type Place } from "./place.ts";
import { constantOf, finals } from "./values.ts";

/** A condition of a request for reaching a place in middleware. All conditions must be true. */
export type Condition =
  /** The path begins with, or is, one of these. */
  | { readonly kind: "paths"; readonly paths: readonly PathStart[] }
  /** The path matches none of them. */
  | { readonly kind: "other-paths"; readonly paths: readonly PathStart[] }
  | { readonly kind: "methods"; readonly methods: readonly string[] }
  /**
   * A condition that a rule does not need: that there is a limiter, or that an earlier limit allowed the
   * request.
   */
  | { readonly kind: "none" }
  | { readonly kind: "unknown"; readonly text: string };

export interface PathStart {
  readonly path: string;
  /** False for a single path: `pathname === "/login"`. */
  readonly isPrefix: boolean;
}

/** Returns the conditions for reaching a place inside its function. */
export function conditionsAt(project: Project, place: Place): readonly Condition[] {
  const found: Condition[] = [];
  let inner = place.node;
  for (const outer of ancestors(place.module, place.node)) {
    if (isFunction(outer)) break;
    found.push(...conditionsOf(project, place, outer, inner));
    inner = outer;
  }
  return found;
}

/** Returns the conditions under which a node reaches the node inside it. */
function conditionsOf(
  project: Project,
  place: Place,
  outer: Node,
  inner: Node,
): readonly Condition[] {
  const holds = (test: unknown, wanted: boolean) => {
    const at = part(place, test);
    return at ? read(project, at, wanted) : [];
  };
  switch (outer.type) {
    case "IfStatement":
    case "ConditionalExpression":
      return inner === outer["test"] ? [] : holds(outer["test"], inner === outer["consequent"]);
    case "LogicalExpression":
      return inner === outer["right"] ? holds(outer["left"], outer["operator"] === "&&") : [];
    case "BlockStatement":
      return nodesOf(outer["body"])
        .filter(({ start }) => start < inner.start)
        .flatMap((one) => (leaves(one) ? holds(one["test"], false) : []));
    case "SwitchCase":
    case "WhileStatement":
    case "ForStatement":
    case "ForOfStatement":
      return [{ kind: "unknown", text: outer.type === "SwitchCase" ? "a switch" : "a loop" }];
    default:
      return [];
  }
}

/** Returns true when an `if` ends its function if its test is true. */
function leaves(node: Node): boolean {
  if (node.type !== "IfStatement" || nodeOf(node["alternate"])) return false;
  const then = nodeOf(node["consequent"]);
  const last = then?.type === "BlockStatement" ? nodesOf(then["body"]).at(-1) : then;
  return last?.type === "ReturnStatement" || last?.type === "ThrowStatement";
}

function read(project: Project, place: Place, wanted: boolean): readonly Condition[] {
  const at = { ...place, node: bare(place.node) };
  const { node } = at;
  const of = (value: unknown, holds: boolean) => {
    const inner = part(at, value);
    return inner ? read(project, inner, holds) : [];
  };
  if (node.type === "UnaryExpression" && node["operator"] === "!") {
    return of(node["argument"], !wanted);
  }
  if (node.type === "LogicalExpression") {
    const sides = [of(node["left"], wanted), of(node["right"], wanted)];
    const isBoth = (node["operator"] === "&&") === wanted;
    return isBoth ? sides.flat() : [anyOf(sides, textOf(at.module, node))];
  }
  const path =
    ofPath(project, at, wanted) ??
    ofRouteMatcher(project, at, wanted) ??
    ofMethod(project, at, wanted);
  if (path) return [path];
  if (isNeedless(project, at)) return [{ kind: "none" }];
  const [made, ...others] = finals(project, at);
  if (made && others.length === 0 && made.node !== node) return read(project, made, wanted);
  return [{ kind: "unknown", text: textOf(at.module, node).replace(/\s+/g, " ").slice(0, 60) }];
}

/** Combines alternatives, which is possible when each is one list of paths. */
function anyOf(sides: readonly (readonly Condition[])[], text: string): Condition {
  const paths = sides.flatMap((side) => {
    const [only, ...others] = side;
    return only?.kind === "paths" && others.length === 0 ? [only.paths] : [];
  });
  return paths.length === sides.length
    ? { kind: "paths", paths: paths.flat() }
    : { kind: "unknown", text: text.replace(/\s+/g, " ").slice(0, 60) };
}

/** Returns true when a condition tests the limiter itself, or the outcome of another limit. */
function isNeedless(project: Project, place: Place): boolean {
  if (limitersOf(project, place).length > 0) return true;
  const name = place.node.type === "Identifier" ? nameIn(place.node) : undefined;
  const bound = name === undefined ? [] : bindingsOf(place.module, name, place.node);
  return bound.some(
    (one) => one.kind === "property" && /\.limit\(/.test(textOf(place.module, one.node)),
  );
}

const PATH = /(?:pathname|path|url)$/i;

function isPath(project: Project, place: Place): boolean {
  return [place, ...finals(project, place)].some(({ node }) => {
    const inner = bare(node);
    return PATH.test((inner.type === "MemberExpression" ? keyOf(inner) : nameIn(inner)) ?? "");
  });
}

/**
 * Reads conditions on the path: `pathname.startsWith("/api")`, `pathname === "/login"`,
 * `LIST.includes(pathname)`, `LIST.some(…startsWith…)`.
 */
function ofPath(project: Project, place: Place, wanted: boolean): Condition | undefined {
  const paths = compared(project, place, isPath);
  if (!paths) return undefined;
  const { texts, isPrefix, isEqual } = paths;
  if (texts.some((text) => !text.startsWith("/"))) return undefined;
  return {
    kind: wanted === isEqual ? "paths" : "other-paths",
    paths: texts.map((path) => ({ path, isPrefix })),
  };
}

/** Reads conditions such as `isApi(request)` of Clerk's `const isApi = createRouteMatcher(["/api(.*)"])`. */
function ofRouteMatcher(project: Project, place: Place, wanted: boolean): Condition | undefined {
  const { node } = place;
  const callee = node.type === "CallExpression" ? part(place, node["callee"]) : undefined;
  const made = callee && finals(project, callee)[0];
  const makes = made?.node.type === "CallExpression" ? nodeOf(made.node["callee"]) : undefined;
  if (!made || nameIn(makes) !== "createRouteMatcher") return undefined;
  const list = part(made, nodesOf(made.node["arguments"])[0]);
  const paths = ((list && textsOf(project, list)) ?? []).map((text) => ({
    path: text.replace(/\(\.\*\)$/, ""),
    isPrefix: text.endsWith("(.*)"),
  }));
  const isPlain = paths.every(({ path }) => /^\/[^():*+?{}]*$/.test(path));
  return isPlain && paths.length > 0
    ? { kind: wanted ? "paths" : "other-paths", paths }
    : undefined;
}

function ofMethod(project: Project, place: Place, wanted: boolean): Condition | undefined {
  const methods = compared(project, place, (_, { node }) => {
    const inner = bare(node);
    return (inner.type === "MemberExpression" ? keyOf(inner) : nameIn(inner)) === "method";
  });
  if (!methods || methods.isPrefix || methods.isEqual !== wanted) return undefined;
  return { kind: "methods", methods: methods.texts };
}

interface Compared {
  readonly texts: readonly string[];
  readonly isPrefix: boolean;
  readonly isEqual: boolean;
}

/** Reads a comparison of a value, such as the path, with constant texts of the source. */
function compared(
  project: Project,
  place: Place,
  isThing: (project: Project, place: Place) => boolean,
): Compared | undefined {
  const { node } = place;
  if (node.type === "BinaryExpression") {
    const operator = String(node["operator"]);
    const sides = [part(place, node["left"]), part(place, node["right"])];
    if (!/^[!=]==?$/.test(operator) || !sides.some((side) => side && isThing(project, side))) {
      return undefined;
    }
    const texts = sides.flatMap((side) => (side && textsOf(project, side)) ?? []);
    return texts.length === 1
      ? { texts, isPrefix: false, isEqual: operator.startsWith("=") }
      : undefined;
  }
  return node.type === "CallExpression" ? comparedBy(project, place, isThing) : undefined;
}

function comparedBy(
  project: Project,
  place: Place,
  isThing: (project: Project, place: Place) => boolean,
): Compared | undefined {
  const callee = part(place, place.node["callee"]);
  const object = callee && part(callee, callee.node["object"]);
  const first = part(place, nodesOf(place.node["arguments"])[0]);
  if (callee?.node.type !== "MemberExpression" || !object || !first) return undefined;
  const listed = (texts: readonly string[] | undefined, isPrefix: boolean) =>
    texts && texts.length > 0 ? { texts, isPrefix, isEqual: true } : undefined;
  switch (keyOf(callee.node) ?? "") {
    case "startsWith":
      return isThing(project, object) ? listed(textsOf(project, first), true) : undefined;
    case "includes":
    case "has":
      return isThing(project, first) ? listed(textsOf(project, object), false) : undefined;
    case "some": {
      const body = part(first, first.node["body"]);
      const param = nameIn(nodesOf(first.node["params"])[0]);
      const text = body ? textOf(body.module, body.node) : "";
      const isPrefix = text.includes(`.startsWith(${param ?? ""})`);
      const isAlone = /^[\w.]*(?:path|pathname)(?:\.startsWith\(\w+\)| === \w+)$/i.test(text);
      return isAlone ? listed(textsOf(project, object), isPrefix) : undefined;
    }
    default:
      return undefined;
  }
}

/** Returns a constant text, or the constant texts of a list or a Set. */
function textsOf(project: Project, place: Place): readonly string[] | undefined {
  const text = constantOf(project, place);
  if (typeof text === "string") return [text];
  const [made] = finals(project, place);
  const list =
    made?.node.type === "NewExpression" ? nodesOf(made.node["arguments"])[0] : made?.node;
  if (!made || list?.type !== "ArrayExpression") return undefined;
  const texts = nodesOf(list["elements"]).map((node) => constantOf(project, { ...made, node }));
  return texts.every((one) => typeof one === "string") ? texts : undefined;
}
