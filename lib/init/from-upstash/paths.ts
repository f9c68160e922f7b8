import { Problems } from "#lib/policy/errors";
import { compilePattern } from "#lib/policy/pattern";
import { nodeOf, nodesOf } from "#lib/source/parse";
import { exported } from "./exports.ts";
import { type Condition, conditionsAt, type PathStart } from "./guards.ts";
import { functionOf, keyOf, type Module, type Project } from "./project.ts";
import type { Use } from "./uses.ts";
import { part, type Place } from "./place.ts";
import { constantOf, finals } from "./values.ts";

/**
 * The requests for which middleware makes a call, as `match` and methods of a rule; or why a rule cannot
 * express them.
 */
export type Matched =
  | { readonly match: readonly string[]; readonly methods: readonly string[] }
  | { readonly problem: string };

const MIDDLEWARE = /^(?:src\/)?(?:middleware|proxy)\.[cm]?[jt]sx?$/;

/** Returns true when a use is in the app's middleware. */
export function isInMiddleware({ from }: Use): boolean {
  return MIDDLEWARE.test(from.module.path);
}

/** Returns the requests for which middleware makes a call. */
export function matchOf(project: Project, { call, from }: Use): Matched {
  const within = call.node === from.node ? [] : conditionsAt(project, call);
  const conditions = [...conditionsAt(project, from), ...within];
  const unknown = conditions.find((one) => one.kind === "unknown");
  if (unknown) return { problem: `it depends on ${unknown.text}` };
  if (!functionOf(from.module, from.node)) return { problem: "it is made when the app starts" };
  const methods = conditions.flatMap((one) => (one.kind === "methods" ? one.methods : []));
  const guarded = patternsOf(conditions);
  if (typeof guarded === "string") return { problem: guarded };
  const match = withMatcher(matcherOf(project, from.module), guarded);
  return typeof match === "string" ? { problem: match } : { match, methods };
}

/** Returns the patterns that satisfy a guard's conditions; empty for all paths. */
function patternsOf(conditions: readonly Condition[]): readonly string[] | string {
  const wanted = conditions.flatMap((one) => (one.kind === "paths" ? [one.paths] : []));
  const refused = conditions.flatMap((one) => (one.kind === "other-paths" ? one.paths : []));
  const [paths, ...narrower] = wanted.toSorted((a, b) => longest(a) - longest(b)).toReversed();
  if (!paths) return refused.length === 0 ? [] : [besides(refused)];
  if (narrower.some((wider) => !paths.every((path) => covers(wider, path)))) {
    return "its paths depend on several conditions";
  }
  if (refused.some((one) => paths.some((path) => overlaps(one, path)))) {
    return "its paths exclude others within them";
  }
  return paths.map(patternOf);
}

function longest(paths: readonly PathStart[]): number {
  return Math.max(...paths.map(({ path }) => path.length));
}

function covers(wider: readonly PathStart[], { path }: PathStart): boolean {
  return wider.some((one) => (one.isPrefix ? path.startsWith(one.path) : path === one.path));
}

function overlaps(one: PathStart, other: PathStart): boolean {
  return covers([one], other) || covers([other], one);
}

function patternOf({ path, isPrefix }: PathStart): string {
  const text = escaped(path);
  if (!isPrefix) return text;
  return path.endsWith("/") ? `${text}:path*` : `${text}(.*)`;
}

/** Returns the pattern for all paths except some, in the form of Next's matcher. */
function besides(refused: readonly PathStart[]): string {
  const inner = refused.map(
    ({ path, isPrefix }) =>
      path.slice(1).replace(/[.*+?^${}()|[\]\\]/g, "\\$&") + (isPrefix ? "" : "$"),
  );
  return `/((?!${inner.join("|")}).*)`;
}

/** Returns a pattern that matches only one path. */
function escaped(path: string): string {
  return path.replace(/[:*+?(){}\\]/g, "\\$&");
}

/** Returns the sources of `config.matcher`; undefined for a middleware without it. */
function matcherOf(project: Project, module: Module): readonly string[] | undefined {
  const [config] = exported(project, module, "config").map((one) => ({ ...one, calls: new Map() }));
  const given = wrapOptions(module) ?? config;
  const object = given && finals(project, given)[0];
  const property = nodesOf(object?.node["properties"]).find((one) => keyOf(one) === "matcher");
  const value = object && property && part(object, property["value"]);
  const [made] = value ? finals(project, value) : [];
  if (!made) return undefined;
  const entries =
    made.node.type === "ArrayExpression" ? nodesOf(made.node["elements"]) : [made.node];
  const sources = entries.map((node) => sourceOf(project, { ...made, node }));
  return sources.some((one) => one === undefined) ? undefined : sources.flatMap((one) => one ?? []);
}

/** Finds the options of `gate.wrap(own, options)`, which say where a wrapped middleware runs. */
function wrapOptions(module: Module): Place | undefined {
  const call = module.nodes.find(({ type, callee }) => {
    const named = type === "CallExpression" ? nodeOf(callee) : undefined;
    return named?.type === "MemberExpression" && keyOf(named) === "wrap";
  });
  const options = nodesOf(call?.["arguments"])[1];
  return options && { module, node: options, calls: new Map() };
}

/** Returns the source of an entry, which is a text or an object with a `source`. */
function sourceOf(project: Project, entry: Place): string | undefined {
  const property = nodesOf(entry.node["properties"]).find((one) => keyOf(one) === "source");
  const value = property ? part(entry, property["value"]) : entry;
  const source = value && constantOf(project, value);
  return typeof source === "string" ? source : undefined;
}

/** Returns the guard's patterns within the middleware's matcher, or why the matcher leaves no pattern. */
function withMatcher(
  matcher: readonly string[] | undefined,
  guarded: readonly string[],
): readonly string[] | string {
  if (guarded.length === 0) return checked(matcher ?? ["/:path*"]);
  const seen = guarded.filter(
    (pattern) => !matcher || matcher.some((source) => mayMatch(source, sampleOf(pattern))),
  );
  return seen.length === 0
    ? `the middleware's matcher excludes ${guarded.join(", ")}, so the call is never made`
    : checked(seen);
}

/** Returns the patterns, or why a policy does not accept one of them. */
function checked(patterns: readonly string[]): readonly string[] | string {
  const problems = new Problems();
  for (const pattern of patterns) compilePattern(pattern, [], problems);
  const [problem] = problems.found;
  return problem ? `${problem.given} is not a pattern of a rule` : patterns;
}

/** Returns a path that a guard's pattern matches. */
function sampleOf(pattern: string): string {
  return pattern
    .replace(/:path\*$/, "x")
    .replace(/\(\.\*\)$/, "/x")
    .replace(/\\(.)/g, "$1");
}

function mayMatch(source: string, path: string): boolean {
  const pattern = compilePattern(source, [], new Problems());
  // A pattern that a policy rejects is left to the person.
  if (!pattern) return true;
  return "literal" in pattern ? pattern.literal === path : pattern.expression.test(path);
}
