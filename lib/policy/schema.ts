import * as z from "zod/mini";
import type { Problems } from "./errors.ts";

const onStoreFailure = z.enum(["allow", "deny", "local"]);
const algorithm = z.enum(["sliding-log", "sliding-window"]);
const oneOrMore = z.union([z.string(), z.readonly(z.array(z.string()))]);

const limit = z.union([
  z.string(),
  z.strictObject({ limit: z.number(), window: z.union([z.string(), z.number()]) }),
]);

const policy = z.strictObject({
  identities: z.optional(z.record(z.string(), z.unknown())),
  defaults: z.optional(
    z.strictObject({
      onStoreFailure: z.optional(onStoreFailure),
      algorithm: z.optional(algorithm),
    }),
  ),
  exempt: z.optional(z.record(z.string(), z.string())),
  rules: z.record(z.string(), z.unknown()),
});

const rule = z.strictObject({
  match: z.optional(oneOrMore),
  methods: z.optional(z.array(z.string())),
  limits: z.optional(z.record(z.string(), z.union([limit, z.array(limit)]))),
  replaces: z.optional(oneOrMore),
  cost: z.optional(z.number()),
  algorithm: z.optional(algorithm),
  onStoreFailure: z.optional(onStoreFailure),
  // Known, so that the problem can say that they come later.
  tiers: z.optional(z.unknown()),
  mode: z.optional(z.unknown()),
});

export type ParsedPolicy = z.infer<typeof policy>;
export type ParsedRule = z.infer<typeof rule>;
export type ParsedLimit = z.infer<typeof limit>;

const POLICY_KEYS = "identities, defaults, exempt, rules";
const RULE_KEYS = "match, methods, limits, replaces, cost, algorithm, onStoreFailure";

/** What a value must be, by the last name of its place. */
const ALLOWED: Readonly<Record<string, string>> = {
  policy: `an object with ${POLICY_KEYS}`,
  identities: "what defineIdentities returns",
  defaults: "an object with onStoreFailure, algorithm",
  exempt: "patterns, each with the reason as text",
  rules: "an object of rules by name",
  match: "a pattern or an array of patterns",
  methods: "an array of methods",
  limits: 'who is counted, each with "10 per minute", { limit, window }, or an array of these',
  replaces: "a rule's name or an array of names",
  cost: "a whole number from 1",
  algorithm: '"sliding-log" or "sliding-window"',
  onStoreFailure: '"allow", "deny" or "local"',
};

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

function parse<T>(
  schema: z.ZodMiniType<T>,
  given: unknown,
  place: readonly string[],
  keys: string,
  problems: Problems,
): T | undefined {
  const result = z.safeParse(schema, given);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const path = issue.path.map((step) => (typeof step === "symbol" ? String(step) : step));
    const at = [...place, ...path];
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) {
        const known = path.length === 0 ? keys : ALLOWED[String(path.at(-1))];
        problems.add("UNKNOWN_KEY", [...at, key], key, known ?? keys);
      }
    } else {
      problems.add("BAD_VALUE", at, valueAt(given, path), allowedAt(place, path));
    }
  }
  return undefined;
}

function allowedAt(place: readonly string[], path: readonly (string | number)[]): string {
  const named = path.find((step) => typeof step === "string" && step in ALLOWED);
  if (named !== undefined) return ALLOWED[named] ?? "";
  return place.length > 0 ? `an object with ${RULE_KEYS}` : (ALLOWED["policy"] ?? "");
}

function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  let at = value;
  for (const step of path) {
    at = typeof at === "object" && at !== null ? Reflect.get(at, step) : undefined;
  }
  return at;
}
