import { readSize } from "#lib/core/size";
import { type Context, readRuleLimits } from "./compile-limits.ts";
import type { Place, Problems } from "#lib/policy/errors";
import { refuseLocale } from "#lib/policy/locales";
import type { MatchableRule } from "#lib/policy/match";
import { compilePattern } from "#lib/policy/pattern";
import { readPrefetch } from "./prefetch-rules.ts";
import { isText } from "#lib/policy/shape";
import type { Admit, OnStoreFailure } from "#lib/policy/types";
import type { ParsedRule } from "./schema.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** Reads one rule. It adds a problem for each mistake and leaves the mistake out. */
export function compileRule(name: string, given: ParsedRule, context: Context): MatchableRule {
  const place: Place = ["rules", name];
  const { problems, defaults } = context;
  const read = readRuleLimits(name, given, context);
  const match = list(given.match);
  if (given.match !== undefined && match.length === 0) {
    problems.add("BAD_VALUE", [...place, "match"], [], "noMatch");
  }
  const patterns = match.flatMap((pattern, i) => {
    const at = typeof given.match === "string" ? [] : [i];
    refuseLocale(pattern, [...place, "match", ...at], context.locales, problems);
    return compilePattern(pattern, [...place, "match", ...at], problems) ?? [];
  });
  const methods = readMethods(given, place, problems);
  const takesGet = match.length > 0 && (methods?.has("GET") ?? true);
  const onStoreFailure = given.onStoreFailure ?? defaults.onStoreFailure ?? "allow";
  return {
    patterns,
    rule: {
      name,
      match,
      methods,
      replaces: readReplaces(name, given, context),
      onStoreFailure,
      admit: readAdmit(given.admit, onStoreFailure, place, problems),
      headers: given.headers ?? defaults.headers,
      maxBody: readMaxBody(given, place, problems),
      prefetchTimes: readPrefetch(given.prefetch, takesGet, place, problems),
      enforced: readMode(given.mode, place, problems, context.enforced),
      ...read,
    },
  };
}

/**
 * Reads `admit`. An optimistic rule allows requests before the gate knows whether the store is available, so it
 * cannot deny them.
 */
function readAdmit(
  admit: Admit = "strict",
  onStoreFailure: OnStoreFailure,
  place: Place,
  problems: Problems,
): Admit {
  if (admit === "optimistic" && onStoreFailure === "deny") {
    problems.add("OPTIMISTIC_AND_DENY", [...place, "admit"], admit);
  }
  return admit;
}

/** Returns the largest body, in bytes. */
function readMaxBody(
  { maxBody, match }: ParsedRule,
  place: Place,
  problems: Problems,
): number | undefined {
  if (maxBody === undefined) return undefined;
  const bytes = readSize(maxBody);
  const at = [...place, "maxBody"];
  // Code that checks a rule without `match` has read the body already.
  if (match === undefined) problems.add("BAD_SIZE", at, maxBody, "noMatch");
  else if (bytes === undefined) problems.add("BAD_SIZE", at, maxBody);
  return bytes;
}

/** Returns the percentage of clients for which a rule, or all rules without a mode, are enforced. */
export function readMode(
  mode: string | undefined,
  place: Place,
  problems: Problems,
  standard = 100,
): number {
  if (mode === undefined) return standard;
  if (mode === "enforce") return 100;
  if (mode === "shadow") return 0;
  const percentage = Number(/^(\d{1,3}(?:\.\d{1,6})?)%$/.exec(mode)?.[1]);
  if (percentage <= 100) return percentage;
  problems.add("BAD_MODE", [...place, "mode"], mode);
  return 100;
}

function readMethods(given: ParsedRule, place: Place, problems: Problems) {
  if (!given.methods) return undefined;
  if (given.methods.length === 0) {
    problems.add("BAD_METHOD", [...place, "methods"], [], ...METHODS);
  }
  for (const [i, method] of given.methods.entries()) {
    if (!isText(method) || !METHODS.includes(method)) {
      problems.add("BAD_METHOD", [...place, "methods", i], method, ...METHODS);
    }
  }
  return new Set(given.methods.filter(isText));
}

function readReplaces(
  name: string,
  given: ParsedRule,
  { names, problems }: Context,
): readonly string[] {
  const replaces = list(given.replaces);
  for (const [i, other] of replaces.entries()) {
    const at = typeof given.replaces === "string" ? [] : [i];
    const place: Place = ["rules", name, "replaces", ...at];
    if (other === name) problems.add("REPLACES_ITSELF", place, other);
    else if (!names.includes(other)) {
      const others = names.filter((known) => known !== name);
      problems.add("UNKNOWN_REPLACES", place, other, ...others);
    }
  }
  return replaces;
}

function list<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}
