import { formatDuration } from "#lib/core/duration";
import type { Place, Problems } from "./errors.ts";
import { readLimit } from "./limit.ts";
import type { MatchableRule } from "./match.ts";
import { withSuggestion } from "./nearest.ts";
import { compilePattern } from "./pattern.ts";
import type { ParsedPolicy, ParsedRule } from "./schema.ts";
import { readSubject } from "./subject.ts";
import type { Algorithm, CompiledLimit } from "./types.ts";

/** What a rule is read against. */
export interface Context {
  readonly identities: readonly string[];
  /** The names of all rules. */
  readonly names: readonly string[];
  readonly defaults: NonNullable<ParsedPolicy["defaults"]>;
  readonly problems: Problems;
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** Up to here every entry is kept, which is exact; above, two counters, which are small. */
const EXACT_UP_TO = 100;
/** Each entry of a log costs Redis memory, and a client may have as many as the limit. */
const MAX_LOG = 10_000;

/** Reads one rule. What is wrong with it is noted, and left out. */
export function compileRule(name: string, given: ParsedRule, context: Context): MatchableRule {
  const place: Place = ["rules", name];
  const { problems, defaults } = context;
  for (const key of ["tiers", "mode"] as const) {
    if (given[key] !== undefined) {
      problems.add("NOT_YET", [...place, key], given[key], `no ${key}: it is not built yet`);
    }
  }
  const limits = readLimits(name, given, context);
  const match = list(given.match);
  if (given.match !== undefined && match.length === 0) {
    problems.add("BAD_VALUE", [...place, "match"], [], "at least one pattern, or no match at all");
  }
  const patterns = match.flatMap((pattern, i) => {
    const at = typeof given.match === "string" ? [] : [i];
    return compilePattern(pattern, [...place, "match", ...at], problems) ?? [];
  });
  return {
    patterns,
    rule: {
      name,
      match,
      methods: readMethods(given, place, problems),
      replaces: readReplaces(name, given, context),
      onStoreFailure: given.onStoreFailure ?? defaults.onStoreFailure ?? "allow",
      limits,
    },
  };
}

function readLimits(name: string, given: ParsedRule, context: Context): CompiledLimit[] {
  const { problems } = context;
  const place: Place = ["rules", name, "limits"];
  const limits = Object.entries(given.limits ?? {}).flatMap(([expression, value]) =>
    readSubjectsLimits(name, expression, value, given, context),
  );
  const count = Object.values(given.limits ?? {}).flat().length;
  if (count === 0 && !problems.has(place)) {
    const at = given.limits ? place : ["rules", name];
    problems.add("NO_LIMITS", at, given.limits, "at least one limit");
  }
  checkCost(name, given.cost, limits, problems);
  return count === 1 ? limits.map((limit) => ({ ...limit, policyName: name })) : limits;
}

function readSubjectsLimits(
  rule: string,
  expression: string,
  value: unknown,
  given: ParsedRule,
  { identities, defaults, problems }: Context,
): CompiledLimit[] {
  const place: Place = ["rules", rule, "limits", expression];
  const subject = readSubject(expression, identities, place, problems);
  const windows = new Set<number>();
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (values.length === 0) problems.add("NO_LIMITS", place, value, "at least one limit");
  return values.flatMap((each, i) => {
    const at = Array.isArray(value) ? [...place, i] : place;
    const read = readLimit(each, at, problems);
    if (!read) return [];
    if (windows.has(read.windowMs)) {
      problems.add("DUPLICATE_WINDOW", at, each, "each window once for one subject");
    }
    windows.add(read.windowMs);
    const chosen = given.algorithm ?? defaults.algorithm;
    const algorithm: Algorithm =
      chosen ?? (read.limit <= EXACT_UP_TO ? "sliding-log" : "sliding-window");
    if (algorithm === "sliding-log" && read.limit > MAX_LOG) {
      problems.add("LOG_TOO_LARGE", at, each, `at most ${MAX_LOG}, or algorithm: "sliding-window"`);
    }
    if (!subject) return [];
    const policyName = `${rule}:${expression}:${formatDuration(read.windowMs)}`;
    return [{ rule, policyName, subject, ...read, algorithm, cost: given.cost ?? 1 }];
  });
}

function checkCost(
  rule: string,
  cost: number | undefined,
  limits: readonly CompiledLimit[],
  problems: Problems,
): void {
  if (cost === undefined) return;
  const place = ["rules", rule, "cost"];
  if (!Number.isSafeInteger(cost) || cost < 1) {
    problems.add("COST_BELOW_ONE", place, cost, "a whole number from 1");
    return;
  }
  const smallest = Math.min(...limits.map(({ limit }) => limit));
  if (cost > smallest) {
    problems.add("COST_ABOVE_LIMIT", place, cost, `at most ${smallest}, the rule's smallest limit`);
  }
}

function readMethods(given: ParsedRule, place: Place, problems: Problems) {
  if (!given.methods) return undefined;
  if (given.methods.length === 0) {
    problems.add("BAD_METHOD", [...place, "methods"], [], METHODS.join(", "));
  }
  for (const [i, method] of given.methods.entries()) {
    if (!METHODS.includes(method)) {
      problems.add("BAD_METHOD", [...place, "methods", i], method, METHODS.join(", "));
    }
  }
  return new Set(given.methods);
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
    if (other === name) problems.add("REPLACES_ITSELF", place, other, "another rule's name");
    else if (!names.includes(other)) {
      const others = names.filter((known) => known !== name);
      const allowed = others.join(", ") || "nothing: there is no other rule";
      problems.add("UNKNOWN_REPLACES", place, other, withSuggestion(allowed, other, others));
    }
  }
  return replaces;
}

function list<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}
