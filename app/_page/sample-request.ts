import { parse, pathToRegexp, tokensToRegexp } from "path-to-regexp";
import type { CompiledPolicy, CompiledRule } from "headgate/policy";
import type { PageRequest } from "./ask.ts";
import { SAMPLES } from "./samples.ts";

/** The request that shows a rule at work. */
export interface SampleRequest extends PageRequest {
  /** What a person should know before sending it. */
  readonly note?: string | undefined;
  /** Who must be signed in for another answer than 401 or 403. */
  readonly needs?: "user" | "admin" | undefined;
  /** True when the rule decides for every client, so that its limits are in the answer's headers. */
  readonly isHeld: boolean;
}

/** What a parameter is filled with: the first of these that its own expression takes. */
const SAMPLES_OF_PARAMETERS = ["1", "x", "en", "2026-01-01"];

type Patterns = Pick<CompiledPolicy, "rules" | "exempt">;

/**
 * The requests that a rule applies to, one for each of its paths at least: what the path's route
 * takes, as far as we have a sample of it; else a request without a body, with the rule's first
 * method, or GET where it names none, so that it changes nothing. Empty where the rule has no path,
 * or only paths whose parameters are beyond our samples.
 */
export function sampleRequests(rule: CompiledRule, { rules, exempt }: Patterns): SampleRequest[] {
  const patterns = [...[...rules.values()].flatMap(({ match }) => match), ...patternsOf(exempt)];
  const paths = rule.match.flatMap((pattern) => pathsOf(pattern, patterns));
  return paths.map((path) => requestTo(path, rule));
}

/** Paths that are let through without a limit, by the pattern that exempts them. */
export function exemptPaths({ exempt }: Pick<Patterns, "exempt">): ReadonlyMap<string, string[]> {
  const patterns = patternsOf(exempt);
  return new Map(patterns.map((pattern) => [pattern, pathsOf(pattern, patterns)]));
}

/** A path that a pattern in path-to-regexp 6's form describes; optional parameters are left out. */
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

/** The known routes that a pattern is the only one to match; where there are none, any path of it. */
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
