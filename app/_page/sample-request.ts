import { parse, pathToRegexp, tokensToRegexp } from "path-to-regexp";
import type { CompiledPolicy, CompiledRule } from "headgate/policy";
import type { PageRequest } from "./ask.ts";
import { SAMPLES } from "./samples.ts";

/** A request that shows how a rule works. */
export interface SampleRequest extends PageRequest {
  /** A note for people who send the request. */
  readonly note?: string | undefined;
  /** The role of the user who must be signed in, so that the answer is not 401 or 403. */
  readonly needs?: "user" | "admin" | undefined;
  /** True when the rule decides about every client, so that its limits are in the answer's headers. */
  readonly isHeld: boolean;
}

/** Values for parameters: the first value that the parameter's expression matches is used. */
const SAMPLES_OF_PARAMETERS = ["1", "x", "en", "2026-01-01"];

type Patterns = Pick<CompiledPolicy, "rules" | "exempt">;

/**
 * Returns requests that a rule applies to, one or more for each of its paths. A path with a sample in
 * samples.ts gets that sample. Other paths get a request without a body, so that it changes nothing,
 * with the rule's first method, or GET when the rule names none. The list is empty when the rule has no
 * path, or only paths whose parameters no sample value matches.
 */
export function sampleRequests(rule: CompiledRule, { rules, exempt }: Patterns): SampleRequest[] {
  const patterns = [...[...rules.values()].flatMap(({ match }) => match), ...patternsOf(exempt)];
  const paths = rule.match.flatMap((pattern) => pathsOf(pattern, patterns));
  return paths.map((path) => requestTo(path, rule));
}

/** Returns paths that are exempt from all limits, by the pattern that exempts them. */
export function exemptPaths({ exempt }: Pick<Patterns, "exempt">): ReadonlyMap<string, string[]> {
  const patterns = patternsOf(exempt);
  return new Map(patterns.map((pattern) => [pattern, pathsOf(pattern, patterns)]));
}

/** Returns a path that matches a pattern of path-to-regexp 6; optional parameters are left out. */
export function samplePath(pattern: string): string | undefined {
  const tokens = parse(pattern, { delimiter: "/" });
  const parts = tokens.map((token) => {
    if (typeof token === "string") return token;
    if (token.modifier === "*" || token.modifier === "?") return "";
    const own = new RegExp(`^(?:${token.pattern})$`, "i");
    const choices = [...SAMPLES_OF_PARAMETERS, ...token.pattern.split("|")];
    return `${token.prefix}${choices.find((text) => own.test(text)) ?? ""}${token.suffix}`;
  });
  const path = parts.join("") || "/";
  return tokensToRegexp(tokens, undefined, { delimiter: "/" }).test(path) ? path : undefined;
}

function patternsOf(exempt: CompiledPolicy["exempt"]): string[] {
  return exempt.map(({ pattern }) => pattern);
}

/** Returns the known routes that only this pattern matches, or else a path that the pattern matches. */
function pathsOf(pattern: string, patterns: readonly string[]): string[] {
  if (Object.hasOwn(SAMPLES, pattern)) return [pattern];
  const others = patterns.filter((other) => other !== pattern).map(expression);
  const own = expression(pattern);
  const known = Object.keys(SAMPLES).filter(
    (path) => own.test(path) && !others.some((other) => other.test(path)),
  );
  const path = samplePath(pattern);
  return known.length > 0 || path === undefined ? known : [path];
}

function expression(pattern: string): RegExp {
  return pathToRegexp(pattern, undefined, { delimiter: "/" });
}

function requestTo(path: string, { methods, enforced }: CompiledRule): SampleRequest {
  const isHeld = enforced === 100;
  const sample = Object.hasOwn(SAMPLES, path) ? SAMPLES[path] : undefined;
  if (sample && (methods?.has(sample.method) ?? true)) {
    const { method, query = "", body, note, needs } = sample;
    return { method, path: `${path}${query}`, body, note, needs, isHeld };
  }
  const [method = "GET"] = methods ?? [];
  return { method, path, isHeld };
}
