import { ALGORITHM_NAMES } from "#lib/limit/algorithms/all";
import type { Place, Problems } from "#lib/policy/errors";
import {
  type Guard,
  isList,
  isNamed,
  isNumber,
  isText,
  type Named,
  oneOf,
  optional,
  readShape,
  type Shape,
  type Shaped,
} from "#lib/policy/shape";

const isStoreFailure = oneOf("allow", "deny", "local");
const isHeaders = oneOf("always", "denied");
const isAlgorithm = oneOf(...ALGORITHM_NAMES);
const isOneOrMore: Guard<string | readonly string[]> = (value): value is string =>
  isText(value) || (isList(value) && value.every(isText));
const isTextOrNamed: Guard<string | Named> = (value): value is string | Named =>
  isText(value) || isNamed(value);
const isTextOrNumber: Guard<string | number> = (value): value is string | number =>
  isText(value) || isNumber(value);

const isRoutingOrList: Guard<Named | readonly unknown[]> = (
  value,
): value is Named | readonly unknown[] => isNamed(value) || isList(value);

const POLICY = {
  identities: optional(isNamed),
  defaults: optional(isNamed),
  exempt: optional(isNamed),
  conditions: optional(isNamed),
  allow: optional(isNamed),
  block: optional(isNamed),
  locales: optional(isRoutingOrList),
  mode: optional(isText),
  rules: isNamed,
};

const DEFAULTS = {
  onStoreFailure: optional(isStoreFailure),
  algorithm: optional(isAlgorithm),
  headers: optional(isHeaders),
};

const RULE = {
  match: optional(isOneOrMore),
  methods: optional(isList),
  limits: optional(isNamed),
  tiers: optional(isNamed),
  replaces: optional(isOneOrMore),
  cost: optional(isNumber),
  algorithm: optional(isAlgorithm),
  onStoreFailure: optional(isStoreFailure),
  admit: optional(oneOf("strict", "optimistic")),
  mode: optional(isText),
  headers: optional(isHeaders),
  maxBody: optional(isTextOrNumber),
  prefetch: optional(isTextOrNamed),
};

const LIMIT = {
  limit: isNumber,
  window: isTextOrNumber,
};

export type ParsedDefaults = Partial<Shaped<typeof DEFAULTS>>;
export type ParsedPolicy = Omit<Shaped<typeof POLICY>, "defaults"> & {
  readonly defaults: ParsedDefaults;
};
export type ParsedRule = Shaped<typeof RULE>;
export type ParsedLimit = string | Shaped<typeof LIMIT>;

/** Reads the top level of a policy; adds problems and returns undefined when its shape is wrong. */
export function parsePolicy(given: unknown, problems: Problems): ParsedPolicy | undefined {
  const policy = parse(POLICY, given, [], "policy", problems);
  if (!policy) return undefined;
  const defaults = policy.defaults ?? {};
  return {
    ...policy,
    defaults: parse(DEFAULTS, defaults, ["defaults"], "defaults", problems) ?? {},
  };
}

/** Reads the properties of one rule; adds problems and returns undefined when its shape is wrong. */
export function parseRule(
  name: string,
  given: unknown,
  problems: Problems,
): ParsedRule | undefined {
  return parse(RULE, given, ["rules", name], "rule", problems);
}

/** Reads one limit; adds problems and returns undefined when its shape is wrong. */
export function parseLimit(
  given: unknown,
  place: Place,
  problems: Problems,
): ParsedLimit | undefined {
  return isText(given) ? given : parse(LIMIT, given, place, "aLimit", problems);
}

/**
 * Reads an object with keys of the developer's choice; adds a problem and returns undefined when it is no
 * object.
 */
export function parseRecord(
  given: unknown,
  place: Place,
  problems: Problems,
  ...kind: readonly string[]
): Named | undefined {
  if (isNamed(given)) return withoutPrototype(given, place, problems);
  problems.add("BAD_VALUE", place, given, ...kind);
  return undefined;
}

/** Reads an object by a shape. It adds a problem for each mistake, leaves the mistake out and reads the rest. */
function parse<S extends Shape>(
  shape: S,
  given: unknown,
  place: Place,
  kind: string,
  problems: Problems,
): Shaped<S> | undefined {
  const object = parseRecord(given, place, problems, kind, ...Object.keys(shape));
  if (!object) return undefined;
  const read = readShape(shape, object, place, problems);
  if (!read) return undefined;
  const entries = Object.entries(read).map(([key, value]) => [
    key,
    isNamed(value) ? withoutPrototype(value, [...place, key], problems) : value,
  ]);
  return { ...read, ...Object.fromEntries(entries) };
}

/**
 * Rejects the name `__proto__`. In an object literal it sets the prototype, so a rule of that name would
 * silently be missing. In parsed JSON it is an ordinary key, which would behave differently.
 */
function withoutPrototype(given: Named, place: Place, problems: Problems): Named {
  const hasKey = Object.hasOwn(given, "__proto__");
  if (hasKey || inheritsLiteral(given)) {
    problems.add("UNKNOWN_KEY", [...place, "__proto__"], "__proto__");
  }
  return hasKey
    ? Object.fromEntries(Object.entries(given).filter(([key]) => key !== "__proto__"))
    : given;
}

/**
 * Returns true for an object whose prototype is an object literal: not that of a class, and not
 * Object.prototype.
 */
function inheritsLiteral(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (typeof prototype !== "object" || prototype === null) return false;
  return Object.getPrototypeOf(prototype) !== null && !Object.hasOwn(prototype, "constructor");
}
