import { nameIn } from "#lib/source/nodes";
import { type Node, nodeOf, nodesOf } from "#lib/source/parse";
import { ancestors, keyOf, type Project, textOf } from "./project.ts";
import { importOf } from "./imported.ts";
import { part, type Place } from "./place.ts";
import { constantOf, finals } from "./values.ts";
import { type Counting, countingOf, isWay } from "./windows.ts";

const PACKAGE = "@upstash/ratelimit";
const CLASSES: ReadonlySet<string> = new Set(["Ratelimit", "MultiRegionRatelimit"]);

/** One limiter of the app: a `new Ratelimit(…)`, with the arguments of the factory that made it. */
export interface Limiter {
  /** An id that limiters share when they count together: with the same place, prefix and limit. */
  readonly id: string;
  /** Where `new Ratelimit(…)` is. */
  readonly place: Place;
  /** The preferred name of its rule; "" when nothing suggests one. */
  readonly name: string;
  /** The limiter as the source writes it: `Ratelimit.slidingWindow(10, "10 s")`. */
  readonly written: string;
  readonly counting: Counting | undefined;
  /** Why no rule can do the same; undefined when one can. */
  readonly problem: string | undefined;
  /** The features that the rule does not have, in whole sentences. */
  readonly notes: readonly string[];
}

/** Returns every limiter that an expression may be. */
export function limitersOf(project: Project, place: Place): readonly Limiter[] {
  return finals(project, place).flatMap((made) =>
    isLimiter(project, made) ? limiterOf(project, made, place) : [],
  );
}

/** Returns true when a node is `new Ratelimit(…)` of @upstash/ratelimit. */
export function isLimiter(project: Project, place: Place): boolean {
  const callee =
    place.node.type === "NewExpression" ? part(place, place.node["callee"]) : undefined;
  const from = callee && importOf(project, callee);
  return from?.source === PACKAGE && CLASSES.has(from.name);
}

/**
 * Returns the limiter of a `new Ratelimit(…)`.
 *
 * @param reached the expression by which it was found, which may have a better name
 */
export function limiterOf(project: Project, place: Place, reached: Place = place): Limiter {
  const option = optionsOf(project, place);
  const { counting, problem, written } = howCounted(project, option("limiter"));
  const isDynamic = optionTruth(project, option("dynamicLimits"));
  const prefix = option("prefix");
  const constant = prefix && constantOf(project, prefix);
  return {
    id: [place.module.path, place.node.start, written, constant].join(" "),
    place,
    name: nameFor(place, reached, constant),
    written,
    counting: isDynamic ? undefined : counting,
    problem: isDynamic ? "its limit is changed while the app runs (dynamicLimits)" : problem,
    notes: notesOf(project, option),
  };
}

type Option = (name: string) => Place | undefined;

function optionsOf(project: Project, place: Place): Option {
  const given = part(place, nodesOf(place.node["arguments"])[0]);
  const object = given && finals(project, given)[0];
  const properties = object?.node.type === "ObjectExpression" ? object.node["properties"] : [];
  return (name) => {
    const property = nodesOf(properties).find((one) => keyOf(one) === name);
    return object && property && part(object, property["value"]);
  };
}

function howCounted(
  project: Project,
  limiter: Place | undefined,
): Pick<Limiter, "written" | "counting" | "problem"> {
  if (!limiter) {
    return {
      written: "new Ratelimit",
      counting: undefined,
      problem: "its options are not written here",
    };
  }
  const [made, ...others] = finals(project, limiter);
  const callee = nodeOf(made?.node["callee"]);
  const way = callee?.type === "MemberExpression" ? keyOf(callee) : undefined;
  const written = made ? oneLine(textOf(made.module, made.node)) : "";
  if (!made || others.length > 0 || way === undefined || !isWay(way)) {
    const shown = oneLine(textOf(limiter.module, limiter.node));
    return {
      written: shown,
      counting: undefined,
      problem: `how it counts is chosen when the app runs (${shown})`,
    };
  }
  const given = nodesOf(made.node["arguments"]);
  const values = given.map((node) => constantOf(project, { ...made, node }));
  const texts = given.map((node) => oneLine(textOf(made.module, node)));
  const counting = countingOf(way, values, texts);
  return typeof counting === "string"
    ? { written, counting: undefined, problem: counting }
    : { written: readable(way, values), counting, problem: undefined };
}

/** Returns the call with its constant values written out. */
function readable(way: string, values: readonly (number | string | undefined)[]): string {
  return `Ratelimit.${way}(${values.map((value) => JSON.stringify(value)).join(", ")})`;
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > 80 ? `${line.slice(0, 77)}...` : line;
}

function optionTruth(project: Project, option: Place | undefined): boolean {
  if (!option) return false;
  const value = finals(project, option)[0]?.node;
  return value?.type !== "Literal" || Boolean(value["value"]);
}

function notesOf(project: Project, option: Option): readonly string[] {
  const redis = option("redis");
  const regions = redis && finals(project, redis)[0]?.node.type === "ArrayExpression";
  return [
    ...(regions ? ["Several regions are not supported: the rule counts in one store."] : []),
    ...(optionTruth(project, option("enableProtection"))
      ? ["Its deny list (enableProtection) is not supported."]
      : []),
  ];
}

function nameFor(place: Place, reached: Place, prefix: number | string | undefined): string {
  const names = [prefix, around(place), around(reached), ownName(reached.node)];
  return names.map((one) => ruleName(String(one ?? ""))).find((one) => one !== "") ?? "";
}

/** Returns the name of the variable or property that a node is the value of. */
function around({ module, node }: Place): string | undefined {
  for (const outer of ancestors(module, node)) {
    if (outer.type === "VariableDeclarator") return nameIn(outer["id"]);
    if (outer.type === "Property" || outer.type === "PropertyDefinition") return keyOf(outer);
    if (outer.type === "FunctionDeclaration") return nameIn(outer["id"]);
    if (outer.type === "AssignmentExpression") return ownName(nodeOf(outer["left"]));
    if (outer.type.endsWith("Statement") && outer.type !== "ReturnStatement") {
      if (outer.type !== "BlockStatement") return undefined;
    }
  }
  return undefined;
}

function ownName(node: Node | undefined): string | undefined {
  if (node?.type === "CallExpression") return ownName(nodeOf(node["callee"]));
  return node?.type === "MemberExpression" ? keyOf(node) : nameIn(node);
}

/** Words that do not say what a limiter is for. */
const EMPTY_WORDS =
  /^(?:up|stash|upstash|rate|ratelimit|ratelimits|ratelimiter|ratelimiters|limit|limits|limiter|limiters|rl|get|post|put|patch|delete|handler|exports|module|create|make|the|my|default|redis|instance|cached|cache|options|config|requests?|mw|middleware|per|by|to|for|of|app|is|check|apply|_+)$/;

/** Returns a rule's name from the words of a name that say what it limits; "" when no word does. */
export function ruleName(text: string): string {
  const words = text
    .replace(/([a-z\d])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .split(/[^a-z\d]+/);
  const useful = words.filter((word) => word !== "" && !EMPTY_WORDS.test(word));
  return useful
    .join("-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 56);
}
