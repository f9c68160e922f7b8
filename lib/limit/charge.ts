import type { Client } from "#lib/core/client";
import { type Decision, decided, hasNoCapacity, type LimitStatus } from "#lib/core/decision";
import { ALGORITHMS } from "#lib/limit/algorithms/all";
import { select } from "#lib/policy/select";
import type { CompiledLimit, Match, RuleSet } from "#lib/policy/types";
import { StoreError } from "#lib/redis/errors";
import type { Keys } from "#lib/redis/keys";

/** The group of the limits that decide, as the scripts know it. */
export const DECIDING = 0;

/** What one request consumes of one limit of one client. */
export interface Charge {
  readonly limit: CompiledLimit;
  /** The client key, which is the hash tag of the key. */
  readonly client: string;
  readonly key: string;
  /** Units. */
  readonly cost: number;
  /** {@link DECIDING}, or the number of a rule in shadow, from 1. */
  readonly group: number;
}

/** What one request consumes: the rules that apply to its client, and a charge for each of their limits. */
export interface Charges {
  readonly rules: RuleSet;
  /** Those that decide, then those of each rule in shadow. */
  readonly all: readonly Charge[];
  /** False where the address is counted and cannot be told: all such requests are counted as one client. */
  readonly isAddressKnown: boolean;
}

/** How one limit stands, and what it was charged. */
export interface Charged {
  readonly charge: Charge;
  readonly status: LimitStatus;
  /** When it was checked: milliseconds since 1970, on the clock of the store that holds the key. */
  readonly at: number;
}

/** Returns the rules that apply to a client, with its limits. */
export function rulesFor(match: Match, client: Client): RuleSet {
  return match.forAll ?? select(match, client);
}

/**
 * Returns what a request of a client consumes.
 *
 * @param rules those that apply to the client
 * @param cost units, in the place of each rule's own
 */
export function chargesFor(rules: RuleSet, client: Client, keys: Keys, cost?: number): Charges {
  const all = rules.limits.map((limit) => chargeFor(limit, DECIDING, client, keys, cost));
  for (const [i, shadow] of rules.shadows.entries()) {
    for (const limit of shadow.limits) all.push(chargeFor(limit, i + 1, client, keys, cost));
  }
  return { rules, all, isAddressKnown: client.hasAddress || !countsAddress(all, client) };
}

/** Returns what a request of a client consumes of one limit, as one of a group. */
export function chargeFor(
  limit: CompiledLimit,
  group: number,
  { counted }: Client,
  keys: Keys,
  cost = limit.cost,
): Charge {
  const client = counted.get(limit.subject.expression)?.key;
  // Without it, clients that have nothing in common would share a count.
  if (client === undefined) throw new Error(`No client is named for ${limit.policyName}.`);
  return { limit, client, key: keys.rateLimit(client, keySuffix(limit, group)), group, cost };
}

function countsAddress(charges: readonly Charge[], { counted }: Client): boolean {
  return charges.some(({ limit }) => counted.get(limit.subject.expression)?.countsAddress);
}

/** The version of what keys hold: a version that reads other forms counts under other keys. */
const FORMAT = 2;

/**
 * What a limit's key ends with. Limit and algorithm are not in it, so that a limit that is raised,
 * lowered or counted in another way goes on counting; the window is, for it is what is counted in.
 */
function keySuffix(limit: CompiledLimit, group: number): string {
  let suffix = SUFFIXES.get(limit);
  if (suffix === undefined) {
    const { rule, subject, windowMs } = limit;
    suffix = `${rule}:${subject.expression}:${windowMs}:${FORMAT}`;
    SUFFIXES.set(limit, suffix);
  }
  return group === DECIDING ? suffix : `${suffix}:shadow`;
}

const SUFFIXES = new WeakMap<CompiledLimit, string>();

const LARGE_FORMS = new Map(ALGORITHMS.map(({ name, large }) => [name, large]));

/** Returns the name of the form in which Redis keeps a limit. */
export function formNameOf({
  algorithm,
  limit,
}: Pick<CompiledLimit, "algorithm" | "limit">): string {
  const large = LARGE_FORMS.get(algorithm);
  return large && limit > large.above ? large.lua.name : algorithm;
}

/** Returns the arguments that a form's own script takes. */
export function ownArgsOf(charges: readonly Charge[]): (string | number)[] {
  return charges.flatMap(({ limit, cost }) => [limit.limit, limit.windowMs, cost]);
}

/** Returns the arguments that the scripts of all forms take: the same, and what each limit is. */
export function argsOf(charges: readonly Charge[]): (string | number)[] {
  return [
    ...ownArgsOf(charges),
    ...charges.flatMap(({ limit, group }) => [formNameOf(limit), group]),
  ];
}

/**
 * Reads the limit script's answer.
 *
 * @throws {StoreError} STORE_BAD_ANSWER where it is not one
 */
export function readCharged(answer: unknown, charges: readonly Charge[]): Charged[] {
  const numbers = Array.isArray(answer) ? answer.map(Number) : [];
  if (numbers.length !== 2 + 3 * charges.length || !numbers.every(Number.isSafeInteger)) {
    throw new StoreError("STORE_BAD_ANSWER", "EVALSHA: the limit script's answer cannot be read.");
  }
  const number = (i: number) => numbers[i] ?? 0;
  const at = number(0);
  return charges.map((charge, i) => {
    const first = 2 + 3 * i;
    const status = statusOf(charge.limit, number(first), number(first + 1), number(first + 2));
    return { charge, at, status };
  });
}

/**
 * Returns how a limit stands.
 *
 * @param wait milliseconds until there is capacity for the cost: 0 when there is, -1 when never
 * @param resetMs milliseconds until more than `remaining` is left
 */
export function statusOf(
  { rule, policyName, limit, windowMs, subject }: CompiledLimit,
  remaining: number,
  wait: number,
  resetMs: number,
): LimitStatus {
  const waitMs = wait < 0 ? undefined : wait;
  const global = subject.kind === "global";
  return { rule, policyName, global, limit, windowMs, remaining, waitMs, resetMs };
}

/** Returns the groups in which some limit had no capacity: of those nothing may be consumed. */
export function fullGroups(charged: readonly Charged[]): ReadonlySet<number> {
  const full = charged.filter(({ status }) => hasNoCapacity(status));
  return full.length === 0 ? NO_GROUPS : new Set(full.map(({ charge }) => charge.group));
}

const NO_GROUPS: ReadonlySet<number> = new Set();

/**
 * Returns what was consumed: nothing where the group that decides had no capacity, else every group that had
 * some.
 */
export function takenOf(charged: readonly Charged[]): readonly Charged[] {
  const full = fullGroups(charged);
  if (full.size === 0) return charged;
  return full.has(DECIDING) ? [] : charged.filter(({ charge }) => !full.has(charge.group));
}

/** Returns the decision that a store's answer comes to. */
export function decisionOf({ rules }: Charges, charged: readonly Charged[]): Decision {
  const full = fullGroups(charged);
  const statusesOf = (group: number) =>
    charged.filter(({ charge }) => charge.group === group).map(({ status }) => status);
  return decided(statusesOf(DECIDING), {
    shadows: rules.shadows.map(({ rule }, i) => ({
      rule,
      allowed: !full.has(i + 1),
      limits: statusesOf(i + 1),
    })),
    at: Math.max(0, ...charged.map(({ at }) => at)),
    counted: "in-store",
  });
}
