import { nameIn } from "#lib/source/nodes";
import { type Node, nodeOf, nodesOf } from "#lib/source/parse";
import { type Binding, bindingsOf } from "./bindings.ts";
import { exported } from "./exports.ts";
import { cookedOf, computed } from "./literals.ts";
import { bare, part, type Place } from "./place.ts";
import { functionOf, isFunction, keyOf, type Module, type Project } from "./project.ts";

/** The longest chain of names that is followed. */
const DEEPEST = 14;

/**
 * Follows names, properties, conditions and calls of the app's own functions to where values are made.
 *
 * @returns every expression that the value may come from; the place itself when it cannot be followed
 * @example
 * // const limits = { free: new Ratelimit(…), paid: new Ratelimit(…) };
 * finals(project, at("limits[plan]")); // both `new Ratelimit(…)`
 */
export function finals(project: Project, place: Place, depth = 0): readonly Place[] {
  const here = { ...place, node: bare(place.node) };
  if (depth > DEEPEST || !project.step()) return [here];
  const next = nextOf(project, here, depth);
  if (!next) return [here];
  return unique(next.flatMap((one) => finals(project, one, depth + 1)));
}

function unique(places: readonly Place[]): readonly Place[] {
  const seen = new Map(places.map((one) => [identityOf(one), one]));
  return [...seen.values()];
}

/** Returns the identity of a place: its node and the arguments that it was reached with. */
function identityOf({ module, node, calls }: Place): string {
  const by = [...calls.values()].map((one) => `${one.module.path}:${one.node.start}`);
  return [`${module.path}:${node.start}`, ...by.toSorted()].join(" ");
}

/** Returns where a value comes from, one step on; undefined when it is made here. */
function nextOf(project: Project, place: Place, depth: number): readonly Place[] | undefined {
  const { node } = place;
  const fields = (...names: readonly string[]) =>
    names.flatMap((name) => part(place, node[name]) ?? []);
  switch (node.type) {
    case "Identifier": {
      const bound = bindingsOf(place.module, nameIn(node) ?? "", node);
      const values = bound.flatMap((one) => bindingValues(project, place, one, depth));
      return values.length > 0 ? values : undefined;
    }
    case "MemberExpression":
      return property(project, place, depth);
    case "ConditionalExpression":
      return fields("consequent", "alternate");
    case "LogicalExpression":
      return node["operator"] === "&&" ? fields("right") : fields("left", "right");
    case "AssignmentExpression":
      return fields("right");
    case "CallExpression":
      return returned(project, place, depth);
    default:
      return undefined;
  }
}

function bindingValues(
  project: Project,
  place: Place,
  binding: Binding,
  depth: number,
): readonly Place[] {
  switch (binding.kind) {
    case "value":
      return [{ ...place, node: binding.node }];
    case "property":
      return propertyOf(project, { ...place, node: binding.node }, binding.key, depth);
    case "import": {
      const from = project.resolve(place.module.path, binding.source);
      if (!from || binding.name === "*") return [];
      return exported(project, from, binding.name).map((one) => ({ ...one, calls: place.calls }));
    }
    case "param": {
      const argument = argumentOf(place, binding.of, binding.index);
      if (!argument) return [];
      if (binding.key === undefined) return [argument];
      return propertyOf(project, argument, binding.key, depth);
    }
  }
}

/** Returns the argument of a function in the call that is followed. */
function argumentOf({ calls }: Place, of: Node, index: number): Place | undefined {
  const call = calls.get(of);
  const given = call && nodesOf(call.node["arguments"])[index];
  if (given) return { ...call, node: given };
  const param = nodesOf(of["params"])[index];
  const fallback = param?.type === "AssignmentPattern" && call ? nodeOf(param["right"]) : undefined;
  return fallback && call && { module: call.module, node: fallback, calls: call.calls };
}

function property(project: Project, place: Place, depth: number): readonly Place[] | undefined {
  const object = nodeOf(place.node["object"]);
  if (!object) return undefined;
  if (object.type === "ThisExpression") return ofThis(place);
  const namespace = moduleOf(project, { ...place, node: object });
  const key = keyOf(place.node) ?? computedKey(project, place);
  if (namespace && key !== undefined) {
    const there = exported(project, namespace, key);
    return there.length > 0 ? there.map((one) => ({ ...one, calls: place.calls })) : undefined;
  }
  const found = propertyOf(project, { ...place, node: object }, key, depth);
  return found.length > 0 ? found : undefined;
}

/** Returns the key of `limits[name]`, when the name is constant. */
function computedKey(project: Project, place: Place): string | undefined {
  const inner = part(place, place.node["property"]);
  const key = inner && constantOf(project, inner);
  return key === undefined ? undefined : String(key);
}

/** Returns the file of `import * as name`. */
function moduleOf(project: Project, { module, node }: Place): Module | undefined {
  const name = node.type === "Identifier" ? nameIn(node) : undefined;
  const bound = name === undefined ? undefined : bindingsOf(module, name, node)[0];
  return bound?.kind === "import" && bound.name === "*"
    ? project.resolve(module.path, bound.source)
    : undefined;
}

/** Returns a property's values of every object that an expression may be; all of them without a key. */
function propertyOf(
  project: Project,
  object: Place,
  key: string | undefined,
  depth: number,
): readonly Place[] {
  return finals(project, object, depth + 1).flatMap((made) => {
    const literal = objectOf(made);
    if (!literal) return [];
    const all = nodesOf(literal["properties"]).filter(({ type }) => type === "Property");
    const wanted = key === undefined ? all : all.filter((one) => keyOf(one) === key);
    return wanted.flatMap((one) => part(made, one["value"]) ?? []);
  });
}

/** Returns an object `{ … }`, also inside a call such as `Object.freeze({ … })`. */
function objectOf({ node }: Place): Node | undefined {
  if (node.type === "ObjectExpression") return node;
  const first = node.type === "CallExpression" ? nodesOf(node["arguments"])[0] : undefined;
  return first?.type === "ObjectExpression" ? first : undefined;
}

/** Returns what is assigned to `this.name` in the file, and the value of the class's property. */
function ofThis(place: Place): readonly Place[] | undefined {
  const key = keyOf(place.node);
  const values = place.module.nodes.flatMap((node) => {
    if (node.type === "PropertyDefinition" && keyOf(node) === key) {
      return part(place, node["value"]) ?? [];
    }
    const left = node.type === "AssignmentExpression" ? nodeOf(node["left"]) : undefined;
    const isThis =
      left?.type === "MemberExpression" && nodeOf(left["object"])?.type === "ThisExpression";
    return isThis && keyOf(left) === key ? (part(place, node["right"]) ?? []) : [];
  });
  return values.length > 0 ? values : undefined;
}

/** Returns what a call of the app's own functions returns; undefined for another call. */
function returned(project: Project, place: Place, depth: number): readonly Place[] | undefined {
  const callee = part(place, place.node["callee"]);
  const functions = callee ? finals(project, callee, depth + 1) : [];
  const values = functions
    .filter(({ node }) => isFunction(node))
    .flatMap((own) =>
      returnsOf(own.module, own.node).map((node) => ({
        module: own.module,
        node,
        calls: new Map([...place.calls, ...own.calls, [own.node, place]]),
      })),
    );
  return values.length > 0 ? values : undefined;
}

/** Returns the expressions that a function returns. */
export function returnsOf(module: Module, own: Node): readonly Node[] {
  const body = nodeOf(own["body"]);
  if (body && body.type !== "BlockStatement") return [body];
  return module.nodes.flatMap((node) => {
    const value = node.type === "ReturnStatement" ? nodeOf(node["argument"]) : undefined;
    return value && functionOf(module, node) === own ? [value] : [];
  });
}

/** Returns a constant number or text; undefined for a value that is known only at run time. */
export function constantOf(project: Project, place: Place): number | string | undefined {
  const [made, ...others] = finals(project, place);
  if (!made || others.length > 0) return undefined;
  const { node } = made;
  const of = (value: unknown) => {
    const inner = part(made, value);
    return inner && constantOf(project, inner);
  };
  switch (node.type) {
    case "Literal":
      return typeof node["value"] === "number" || typeof node["value"] === "string"
        ? node["value"]
        : undefined;
    case "TemplateLiteral": {
      const values = nodesOf(node["expressions"]).map(of);
      const texts = nodesOf(node["quasis"]).map(({ value }) => cookedOf(value));
      return values.includes(undefined)
        ? undefined
        : texts.map((text, i) => `${text}${values[i] ?? ""}`).join("");
    }
    case "BinaryExpression":
      return computed(String(node["operator"]), of(node["left"]), of(node["right"]));
    default:
      return undefined;
  }
}
