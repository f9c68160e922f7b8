import { type Key, parse, type Token, tokensToRegexp } from "path-to-regexp";
import type { Place, Problems } from "./errors.ts";
import { pathReadings } from "./path.ts";
import { slowParameter } from "./slow.ts";

/**
 * A path pattern, compiled: a literal path, or one with parameters. Every path that the latter matches
 * begins with `head`, in lower case. A head is ASCII: of other letters an expression takes some for the
 * same that differ in lower case.
 */
export type Pattern =
  | { readonly literal: string }
  | { readonly expression: RegExp; readonly head: string };

const MAX_LENGTH = 500;
const NO_QUERY = "a path alone: a query (?) and a fragment (#) are never matched";
const FORM = 'a path that begins with "/", such as "/api/users/:id" or "/api/:path*"';

/** Static files, which middleware.ts leaves out: no request for them is ever checked. */
const UNCHECKED = /^\/(?:_next\/static\/|favicon\.ico$)/i;

/** Every wildcard more is a power more of time for a path that does not match. */
const MAX_WILDCARDS = 2;

/**
 * A repeat of nothing but a repeat, as in (?:x+)+: such a match can take for ever. A separator makes
 * it harmless, as in (?:-[a-z]+)*, so that is let through.
 */
const NESTED_REPEAT = /\(\?:(?:\[[^\]]*\]|\\?.)(?:[+*]|\{\d*,\d*\})\??\)(?:[+*]|\{\d*,)/s;

/** What a parameter's own expression is tried with, to make a path that the pattern should match. */
const SAMPLES = ["x", "1", "12", "x/y", "x-1", "2026-01-01", "xx", "0000", "X1", "en", "x.y", ""];

/**
 * Compiles a pattern in path-to-regexp 6's form, which is that of Next's matcher; undefined where
 * it cannot be one or no normalised path can match it, with the problem noted.
 *
 * Letters match in any case here, since rewrites do. Parameters end at "/" only: with the library's
 * default they would end at a decoded "#" or "?" too, and such a path would pass by its rule.
 */
export function compilePattern(
  given: string,
  place: Place,
  problems: Problems,
): Pattern | undefined {
  if (!given.startsWith("/") || given.length > MAX_LENGTH) {
    problems.add("BAD_PATTERN", place, given, FORM);
    return undefined;
  }
  let tokens: Token[];
  let expression: RegExp;
  try {
    tokens = parse(given, { delimiter: "/" });
    const { source } = tokensToRegexp(tokens, undefined, { delimiter: "/" });
    // s: a decoded newline is a character like any other.
    expression = new RegExp(source, "is");
  } catch (error) {
    const why = error instanceof Error ? ` (${error.message})` : "";
    problems.add("BAD_PATTERN", place, given, FORM + why);
    return undefined;
  }
  const slow = whySlow(tokens) ?? tooSlow(slowParameter(tokens, expression));
  if (slow !== undefined) {
    problems.add("BAD_PATTERN", place, given, slow);
    return undefined;
  }
  if (tokens.some((token) => typeof token === "string" && /[?#]/.test(token))) {
    problems.add("PATTERN_MATCHES_NOTHING", place, given, NO_QUERY);
    return undefined;
  }
  const sample = samplePath(tokens);
  if (sample !== undefined && !isReachable(sample, expression)) {
    problems.add("PATTERN_MATCHES_NOTHING", place, given, normalForm(sample));
    return undefined;
  }
  const [only] = tokens;
  if (typeof only !== "string") return { expression, head: "" };
  if (tokens.length === 1) return { literal: only };
  return { expression, head: only.toLowerCase().replace(/[^ -~].*/s, "") };
}

/** Why matching could take too long, or undefined. Not a proof: it finds the usual mistakes. */
function whySlow(tokens: readonly Token[]): string | undefined {
  const keys = tokens.filter((token) => typeof token !== "string");
  if (keys.some(({ pattern }) => NESTED_REPEAT.test(pattern))) {
    return "no repeat inside a repeat, such as (?:x+)+: matching could take for ever";
  }
  const wildcards = keys.filter(
    ({ pattern, modifier }) => /[*+]/.test(modifier) || crossesSegments(pattern),
  );
  return wildcards.length > MAX_WILDCARDS
    ? `at most ${MAX_WILDCARDS} parts that span segments, such as :path* or (.*)`
    : undefined;
}

function tooSlow(parameter: Key | undefined): string | undefined {
  if (!parameter) return undefined;
  const named = typeof parameter.name === "string" ? `:${parameter.name}` : "";
  return `an expression that fails quickly: ${named}(${parameter.pattern}) takes long on some paths; leave no part that matches in two ways`;
}

function crossesSegments(pattern: string): boolean {
  const own = new RegExp(`^(?:${pattern})$`, "is");
  return ["/", "x/y", "1/2"].some((text) => own.test(text));
}

/** A path that the pattern describes, or undefined where a parameter's expression is too much for us. */
function samplePath(tokens: readonly Token[]): string | undefined {
  let path = "";
  for (const token of tokens) {
    if (typeof token === "string") {
      path += token;
      continue;
    }
    const own = new RegExp(`^(?:${token.pattern})$`, "is");
    const sample = SAMPLES.find((text) => own.test(text));
    if (sample === undefined) return undefined;
    path += token.prefix + sample + token.suffix;
  }
  return path;
}

function isReachable(path: string, expression: RegExp): boolean {
  return !UNCHECKED.test(path) && pathReadings(path).some((reading) => expression.test(reading));
}

function normalForm(sample: string): string {
  if (UNCHECKED.test(sample)) return "a path that is not a static file's: those are never checked";
  const reading = pathReadings(sample)[0] ?? "/";
  return `paths are matched decoded, without doubled slashes, dot segments and a slash at the end: ${JSON.stringify(reading)}`;
}
