import * as z from "zod/mini";
import type { Place, Problems } from "./errors.ts";
import { withSuggestion } from "./nearest.ts";

const onStoreFailure = z.enum(["allow", "deny", "local"]);
const algorithm = z.enum(["sliding-log", "sliding-window", "fixed-window", "token-bucket"]);
const oneOrMore = z.union([z.string(), z.readonly(z.array(z.string()))]);

const limit = z.union([
  z.string(),
  z.strictObject({ limit: z.number(), window: z.union([z.string(), z.number()]) }),
]);

/** By names of the developer's own choice. */
const record = z.record(z.string(), z.unknown());

const defaults = z.strictObject({
  onStoreFailure: z.optional(onStoreFailure),
  algorithm: z.optional(algorithm),
});

const policy = z.strictObject({
  identities: z.optional(record),
  defaults: z.optional(defaults),
  exempt: z.optional(record),
  rules: record,
});

const rule = z.strictObject({
  match: z.optional(oneOrMore),
  methods: z.optional(z.array(z.string())),
  limits: z.optional(record),
  tiers: z.optional(record),
  replaces: z.optional(oneOrMore),
  cost: z.optional(z.number()),
  algorithm: z.optional(algorithm),
  onStoreFailure: z.optional(onStoreFailure),
  mode: z.optional(z.string()),
});

export type ParsedPolicy = z.infer<typeof policy>;
export type ParsedRule = z.infer<typeof rule>;
export type ParsedLimit = z.infer<typeof limit>;

const POLICY_KEYS = Object.keys(policy.shape).join(", ");
const RULE_KEYS = Object.keys(rule.shape).join(", ");
const DEFAULTS_KEYS = Object.keys(defaults.shape).join(", ");
const LIMIT_KEYS = "limit, window";

/** What holds names of the developer's own choice. */
const RECORDS: ReadonlySet<string> = new Set(["identities", "exempt", "rules", "limits", "tiers"]);

/** How a limit is written. */
export const LIMIT_FORM = '"10 per minute", "5 per 15 minutes", "10 per 1 m", or { limit, window }';

/** How the limits of a rule or a tier are written. */
export const LIMITS_FORM =
  'who is counted, each with "10 per minute", { limit, window }, or an array of these';

/** How tiers are written. */
export const TIERS_FORM =
  'one identity, with limits for each of its values: { plan: { free: { user: "5 per hour" }, pro: { user: "100 per hour" } } }';

/** How a mode is written. */
export const MODE_FORM = '"enforce", "shadow", or a percentage of clients from "0%" to "100%"';

/** What a value must be, by the property that it is in. */
const ALLOWED: ReadonlyMap<unknown, string> = new Map([
  ["identities", "what defineIdentities returns"],
  ["defaults", `an object with ${DEFAULTS_KEYS}`],
  ["exempt", "patterns, each with the reason as text"],
  ["rules", "an object of rules by name"],
  ["match", "a pattern or an array of patterns"],
  ["methods", "an array of methods"],
  ["limits", LIMITS_FORM],
  ["tiers", TIERS_FORM],
  ["mode", MODE_FORM],
  ["replaces", "a rule's name or an array of names"],
  ["cost", "a whole number from 1"],
  ["algorithm", '"sliding-log", "sliding-window", "fixed-window" or "token-bucket"'],
  ["onStoreFailure", '"allow", "deny" or "local"'],
  ["limit", "a whole number from 1"],
  ["window", 'a length such as "15 minutes", or milliseconds'],
]);

/** Reads the policy's own shape; undefined where it is not one, with the problems noted. */
export function parsePolicy(given: unknown, problems: Problems): ParsedPolicy | undefined {
  return parse(policy, given, [], POLICY_KEYS, problems);
}

/** Reads one rule's shape; undefined where it is not one, with the problems noted. */
export function parseRule(
  name: string,
  given: unknown,
  problems: Problems,
): ParsedRule | undefined {
  return parse(rule, given, ["rules", name], RULE_KEYS, problems);
}

/** Reads the shape of one limit; undefined where it is not one, with the problems noted. */
export function parseLimit(
  given: unknown,
  place: Place,
  problems: Problems,
): ParsedLimit | undefined {
  return parse(limit, given, place, LIMIT_KEYS, problems);
}

/** Reads an object whose keys are names of the developer's own; undefined where it is not one. */
export function parseRecord(
  given: unknown,
  place: Place,
  allowed: string,
  problems: Problems,
): Readonly<Record<string, unknown>> | undefined {
  const result = z.safeParse(record, given);
  if (!result.success) problems.add("BAD_VALUE", place, given, allowed);
  else refusePrototype(given, place, problems);
  return result.data;
}

/** Notes what is wrong, leaves it out and reads the rest, so that all problems are said in one go. */
function parse<T>(
  schema: z.ZodMiniType<T>,
  given: unknown,
  place: Place,
  keys: string,
  problems: Problems,
): T | undefined {
  refusePrototypes(given, place, problems);
  const result = z.safeParse(schema, given);
  if (result.success) return result.data;
  const faulty = new Set<unknown>();
  for (const issue of result.error.issues) {
    const path = issue.path.map((step) => (typeof step === "symbol" ? String(step) : step));
    const at = [...place, ...path];
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) {
        const known = path[0] === "defaults" ? DEFAULTS_KEYS : keys;
        const allowed = withSuggestion(known, key, known.split(", "));
        problems.add("UNKNOWN_KEY", [...at, key], key, allowed);
        faulty.add(path[0] ?? key);
      }
    } else {
      problems.add("BAD_VALUE", at, valueAt(given, path), allowedAt(keys, path));
      faulty.add(path[0]);
    }
  }
  return z.safeParse(schema, without(given, faulty)).data;
}

function without(given: unknown, keys: ReadonlySet<unknown>): unknown {
  if (typeof given !== "object" || given === null) return undefined;
  return Object.fromEntries(Object.entries(given).filter(([key]) => !keys.has(key)));
}

/**
 * `__proto__` is no property: written in an object it sets what the object inherits from, and as a
 * key of JSON it is skipped by the schema. Either way a rule of that name would silently be missing.
 */
function refusePrototypes(given: unknown, place: Place, problems: Problems): void {
  if (!isObject(given)) return;
  if (inheritsLiteral(given)) noteProto(place, problems);
  for (const [key, value] of Object.entries(given)) {
    if (RECORDS.has(key)) refusePrototype(value, [...place, key], problems);
  }
}

function refusePrototype(given: unknown, place: Place, problems: Problems): void {
  if (!isObject(given)) return;
  if (Object.hasOwn(given, "__proto__") || inheritsLiteral(given)) noteProto(place, problems);
}

function noteProto(place: Place, problems: Problems): void {
  problems.add("UNKNOWN_KEY", [...place, "__proto__"], "__proto__", "any other name");
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Whether the object inherits from one that is neither a class's nor the root of all objects. */
function inheritsLiteral(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!isObject(prototype) || Object.getPrototypeOf(prototype) === null) return false;
  return !Object.hasOwn(prototype, "constructor");
}

function allowedAt(keys: string, path: readonly (string | number)[]): string {
  const property = path[0] === "defaults" ? path.at(-1) : path[0];
  return ALLOWED.get(property) ?? (keys === LIMIT_KEYS ? LIMIT_FORM : `an object with ${keys}`);
}

function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  let at = value;
  for (const step of path) {
    at = typeof at === "object" && at !== null ? Reflect.get(at, step) : undefined;
  }
  return at;
}
