import { type Key, parse, type Token, tokensToRegexp } from "path-to-regexp";
import type { Place, Problems } from "./errors.ts";
import { pathReadings } from "./path.ts";
import type { Detail } from "./sentences.ts";
import { development } from "./development.ts";

/**
 * A compiled path pattern: a literal path, or one with parameters. Every path that the latter matches begins
 * with `head`, in lower case. A head is ASCII, because case-insensitive expressions treat some other letters as
 * equal whose lower case differs.
 */
export type Pattern =
  | { readonly literal: string }
  | { readonly expression: RegExp; readonly head: string };

const MAX_LENGTH = 500;

/** Static files: middleware.ts excludes them, so no request for them is checked. */
const UNCHECKED = /^\/(?:_next\/static\/|favicon\.ico$)/i;

/** Each further wildcard raises the time for a path that does not match by a power of its length. */
const MAX_WILDCARDS = 2;

/**
 * A repeat that contains only a repeat, as in (?:x+)+: such a match can take for ever. With a separator, as in
 * (?:-[a-z]+)*, it is harmless and allowed.
 */
const NESTED_REPEAT = /\(\?:(?:\[[^\]]*\]|\\?.)(?:[+*]|\{\d*,\d*\})\??\)(?:[+*]|\{\d*,)/s;

/** Values to try for a parameter's expression, to make a path that the pattern should match. */
const SAMPLES = ["x", "1", "12", "x/y", "x-1", "2026-01-01", "xx", "0000", "X1", "en", "x.y", ""];

/**
 * Compiles a pattern in the form of path-to-regexp 6, which is that of Next's matcher. It adds a problem and
 * returns undefined when the pattern is invalid or no normalized path can match it.
 *
 * Letters match in any case, as in rewrites. Parameters end at "/" only: with the library's default they would
 * also end at a decoded "#" or "?", and such a path would not match its rule.
 */
export function compilePattern(
  given: string,
  place: Place,
  problems: Problems,
): Pattern | undefined {
  if (!given.startsWith("/") || given.length > MAX_LENGTH) {
    problems.add("BAD_PATTERN", place, given);
    return undefined;
  }
  let tokens: Token[];
  let expression: RegExp;
  try {
    tokens = parse(given, { delimiter: "/" });
    const { source } = tokensToRegexp(tokens, undefined, { delimiter: "/" });
    // With "s" a parameter matches a decoded newline, too.
    expression = new RegExp(source, "is");
  } catch (error) {
    problems.add("BAD_PATTERN", place, given, (error as Error).message);
    return undefined;
  }
  const slow = whySlow(tokens) ?? tooSlow(development()?.slowParameter(tokens, expression));
  if (slow !== undefined) {
    problems.add("BAD_PATTERN", place, given, ...slow);
    return undefined;
  }
  if (tokens.some((token) => typeof token === "string" && /[?#]/.test(token))) {
    problems.add("PATTERN_MATCHES_NOTHING", place, given, "query");
    return undefined;
  }
  const sample = samplePath(tokens);
  if (sample !== undefined && !isReachable(sample, expression)) {
    problems.add(
      "PATTERN_MATCHES_NOTHING",
      place,
      given,
      UNCHECKED.test(sample) ? "static" : (pathReadings(sample)[0] ?? "/"),
    );
    return undefined;
  }
  const [only] = tokens;
  if (typeof only !== "string") return { expression, head: "" };
  if (tokens.length === 1) return { literal: only };
  return { expression, head: only.toLowerCase().replace(/[^ -~].*/s, "") };
}

/** Returns why matching could take too long, or undefined. It finds the usual mistakes, but not all. */
function whySlow(tokens: readonly Token[]): readonly Detail[] | undefined {
  const keys = tokens.filter((token) => typeof token !== "string");
  if (keys.some(({ pattern }) => NESTED_REPEAT.test(pattern))) {
    return ["repeat"];
  }
  const wildcards = keys.filter(
    ({ pattern, modifier }) => /[*+]/.test(modifier) || crossesSegments(pattern),
  );
  return wildcards.length > MAX_WILDCARDS ? ["wildcards", MAX_WILDCARDS] : undefined;
}

function tooSlow(parameter: Key | undefined): readonly Detail[] | undefined {
  if (!parameter) return undefined;
  const { name, pattern } = parameter;
  return ["slow", typeof name === "string" ? `:${name}` : "", pattern];
}

function crossesSegments(pattern: string): boolean {
  const own = new RegExp(`^(?:${pattern})$`, "is");
  return ["/", "x/y", "1/2"].some((text) => own.test(text));
}

/** Returns a path that the pattern should match, or undefined when no sample fits a parameter's expression. */
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
