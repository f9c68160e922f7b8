import { choiceOf } from "#lib/core/choice";
import { withSuggestion } from "#lib/core/nearest";
import { nearestNetwork } from "#lib/core/networks";
import { SIZE_FORM } from "#lib/core/size";
import { ALGORITHM_NAMES } from "#lib/limit/algorithms/all";
import type { Place, ProblemCode } from "./codes.ts";

/** A name or a number in a sentence. */
export type Detail = string | number;

/** The problem that a sentence describes. */
export interface Problem {
  readonly place: Place;
  readonly given: unknown;
  readonly details: readonly Detail[];
}

/** The text of what is allowed: fixed for each problem of a code, or a function of the problem. */
type Sentence = string | ((problem: Problem) => string);

const LIMIT = '"10 per minute", "5 per 15 minutes", "10 per 1 m", or { limit, window }';
const LIMITS = 'who is counted, each with "10 per minute", { limit, window }, or an array of these';
const TIERS =
  'one identity, with limits for each of its values: { plan: { free: { user: "5 per hour" }, pro: { user: "100 per hour" } } }';
const LOCALES =
  'locales such as ["en", "de"], or next-intl\'s routing: { locales, localePrefix?, pathnames? }';
const MODE = '"enforce", "shadow", or a percentage of clients from "0%" to "100%"';
const PREFETCH =
  '"count", "apart", or { times } with a whole number from 1 to 1000, for a rule with match that GET meets';
const PATTERN = 'a path that begins with "/", such as "/api/users/:id" or "/api/:path*"';
const WHOLE = "a whole number from 1";
const ONE_LIMIT = "at least one limit";
const REASONED = "clients, each with the reason as text";

/** The allowed values, by the name of the property or of the kind of value. */
const VALUES: Readonly<Record<string, Sentence>> = {
  policy: anObject,
  rule: anObject,
  defaults: anObject,
  aLimit: LIMIT,
  identities: "the result of defineIdentities",
  identity: 'a function of the request, or "from-code"',
  exempt: "patterns, each with the reason as text",
  conditions: "the result of defineConditions",
  condition: "a function of the request",
  allow: REASONED,
  block: REASONED,
  reason: "the reason as text",
  locales: LOCALES,
  rules: "an object of rules by name",
  match: "a pattern or an array of patterns",
  noMatch: "at least one pattern, or no match at all",
  methods: "an array of methods",
  limits: LIMITS,
  tiers: TIERS,
  mode: MODE,
  replaces: "a rule's name or an array of names",
  cost: WHOLE,
  algorithm: () => choiceOf(ALGORITHM_NAMES.map((name) => `"${name}"`)),
  onStoreFailure: '"allow", "deny" or "local"',
  admit: '"strict" or "optimistic"',
  headers: '"always" or "denied"',
  maxBody: SIZE_FORM,
  prefetch: PREFETCH,
  limit: WHOLE,
  window: 'a length such as "15 minutes", or milliseconds',
};

/** The sentence of each code. */
export const SENTENCES: Readonly<Record<ProblemCode, Sentence>> = {
  UNKNOWN_KEY: (problem) => (problem.details.length > 0 ? oneOf(problem) : "any other name"),
  BAD_VALUE: ({ details: [kind = "", ...details], ...problem }) =>
    say(VALUES[kind] ?? "", { ...problem, details }),
  NO_RULES: "at least one rule",
  BAD_RULE_NAME: "a small letter, then up to 63 small letters, digits or -",
  NO_LIMITS: ONE_LIMIT,
  BAD_LIMIT: LIMIT,
  LIMIT_BELOW_ONE: WHOLE,
  BAD_WINDOW: 'a length such as "minute", "15 minutes", "1 h"',
  WINDOW_TOO_SHORT: "a window of at least 1 second",
  WINDOW_TOO_LONG: "a window of at most 31 days",
  LIMIT_TIMES_WINDOW_TOO_LARGE: ({ details: [most] }) => `at most ${most} in this window`,
  LOG_TOO_LARGE: ({ details: [most] }) => `at most ${most}, or another algorithm`,
  DUPLICATE_WINDOW: "each window once for one subject",
  COST_BELOW_ONE: WHOLE,
  COST_ABOVE_LIMIT: ({ details: [most] }) => `at most ${most}, the rule's smallest limit`,
  BAD_SUBJECT: ({ details: [most] }) => {
    if (most === "mixed") return "a|b or a+b, not both in one";
    return most === undefined ? "names, each once, or global alone" : `at most ${most} characters`;
  },
  UNKNOWN_IDENTITY: ({ given, ...problem }) => {
    const [first] = String(given).split(", ");
    const ifEmpty = "nothing: there is no identity";
    return oneOf({ ...problem, given: first }, ifEmpty, " (config/identities.ts)");
  },
  BAD_IDENTITY_NAME: "a letter, then up to 63 letters, digits or -; not ip or global",
  BAD_PATTERN: badPattern,
  PATTERN_MATCHES_NOTHING: ({ details: [reading] }) => {
    if (reading === "query") {
      return "a path alone: a query (?) and a fragment (#) are never matched";
    }
    return reading === "static"
      ? "a path of no static file: requests for static files are never checked"
      : `paths are matched decoded, without doubled slashes, dot segments and a slash at the end: ${JSON.stringify(reading)}`;
  },
  BAD_METHOD: ({ details }) => details.join(", "),
  UNKNOWN_REPLACES: (problem) => oneOf(problem, "nothing: there is no other rule"),
  REPLACES_ITSELF: "another rule's name",
  REPLACES_IN_A_CIRCLE: "rules that do not replace this one in turn",
  EMPTY_REASON: ({ place: [list] }) =>
    `why ${list === "exempt" ? "no rule applies there" : `it is in ${list}`}, in a few words`,
  LIMITS_AND_TIERS: "limits or tiers; another rule can have limits for all clients",
  BAD_TIERS: TIERS,
  BAD_TIER_NAME: "1 to 64 characters that are not all digits",
  BAD_MODE: MODE,
  OPTIMISTIC_AND_DENY:
    '"strict" where onStoreFailure is "deny"; or onStoreFailure: "allow" or "local"',
  BAD_SIZE: ({ details: [kind] }) => (kind === "noMatch" ? "a rule with match" : SIZE_FORM),
  BAD_PREFETCH: PREFETCH,
  BAD_LOCALES: LOCALES,
  LOCALE_IN_PATTERN: "the path without a locale: it holds in every locale",
  BAD_CONDITION_NAME: "a letter, then up to 63 letters, digits or -; not ip, global or an identity",
  BAD_LISTED_CLIENT: badListed,
};

/** Returns the text of a sentence for a problem. */
export function say(sentence: Sentence, problem: Problem): string {
  return typeof sentence === "string" ? sentence : sentence(problem);
}

function anObject({ details }: Problem): string {
  return `an object with ${details.join(", ")}`;
}

/** Returns the names in the details, or `ifEmpty` without names, with the nearest name as a suggestion. */
function oneOf({ given, details }: Problem, ifEmpty = "", after = ""): string {
  const allowed = (details.join(", ") || ifEmpty) + after;
  return withSuggestion(allowed, String(given), details.map(String));
}

function badPattern({ details: [kind, first, second] }: Problem): string {
  if (kind === "repeat") {
    return "no repeat inside a repeat, such as (?:x+)+: matching could take for ever";
  }
  if (kind === "wildcards") {
    return `at most ${first} parts that span segments, such as :path* or (.*)`;
  }
  if (kind === "slow") {
    return `an expression that fails quickly: ${first}(${second}) takes long on some paths; leave no part that matches in two ways`;
  }
  return kind === undefined ? PATTERN : `${PATTERN} (${kind})`;
}

/** The details have the names of identities with a colon at the end, and of conditions without. */
function badListed({ given, details }: Problem): string {
  const text = String(given);
  const names = details.map(String);
  const forms = names.map((name) => (name.endsWith(":") ? `"${name}" and a value` : name));
  const allowed = ["an address", "a CIDR block", ...forms].join(", ");
  const network = nearestNetwork(text.replace(/^ip:/, ""));
  if (network) return `${allowed}; did you mean "${network}"?`;
  const value = text.slice(text.indexOf(":") + 1).trim();
  const known = names.flatMap((name) => {
    if (!name.endsWith(":")) return name;
    return value === "" ? [] : name + value;
  });
  return withSuggestion(allowed, text, known);
}
