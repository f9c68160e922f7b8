import type { Client } from "#lib/core/client";
import { type Decision, decided, hasNoCapacity, type LimitStatus } from "#lib/core/decision";
import { ALGORITHMS } from "#lib/limit/algorithms/all";
import { select } from "#lib/policy/select";
import type { CompiledLimit, Match, RuleSet } from "#lib/policy/types";
import { StoreError } from "#lib/redis/errors";
import type { Keys } from "#lib/redis/keys";

/** The number of the group of enforced limits, in the scripts, too. */
export const DECIDING = 0;

/** The units that one request consumes from one limit of one client. */
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

/** The rules that apply to a request's client, and a charge for each of their limits. */
export interface Charges {
  readonly rules: RuleSet;
  /** First the charges of enforced limits, then those of each rule in shadow. */
  readonly all: readonly Charge[];
  /** False when the address is counted but not known: all such requests are counted as one client. */
  readonly isAddressKnown: boolean;
}

/** A charge and the state of its limit after the check. */
export interface Charged {
  readonly charge: Charge;
  readonly status: LimitStatus;
  /** The time of the check: milliseconds since 1970, on the clock of the store that holds the key. */
  readonly at: number;
}

/** Returns the rules that apply to a client, with its limits. */
export function rulesFor(match: Match, client: Client): RuleSet {
  return match.forAll ?? select(match, client);
}

/**
 * Returns the charges of a request of a client.
 *
 * @param rules the rules that apply to the client
 * @param cost units, instead of each rule's cost
 */
export function chargesFor(rules: RuleSet, client: Client, keys: Keys, cost?: number): Charges {
  const all = rules.limits.map((limit) => chargeFor(limit, DECIDING, client, keys, cost));
  for (const [i, shadow] of rules.shadows.entries()) {
    for (const limit of shadow.limits) all.push(chargeFor(limit, i + 1, client, keys, cost));
  }
  return { rules, all, isAddressKnown: client.hasAddress || !countsAddress(all, client) };
}

/** Returns the charge of a client for one limit of a group. */
export function chargeFor(
  limit: CompiledLimit,
  group: number,
  { counted }: Client,
  keys: Keys,
  cost = limit.cost,
): Charge {
  const client = counted.get(limit.subject.expression)?.key;
  // Without the key, unrelated clients would share a count.
  if (client === undefined) throw new Error(`No client is named for ${limit.policyName}.`);
  return { limit, client, key: keys.rateLimit(client, keySuffix(limit, group)), group, cost };
}

function countsAddress(charges: readonly Charge[], { counted }: Client): boolean {
  return charges.some(({ limit }) => counted.get(limit.subject.expression)?.countsAddress);
}

/** The version of the values of keys. It is part of the key, so a version with other forms uses other keys. */
const FORMAT = 2;

/**
 * Returns the end of a limit's key. It does not contain the limit and the algorithm, so that counts survive
 * a change of either. It contains the window, since counts of different windows cannot be compared.
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

/** Returns the name of the form of a limit's state in Redis. */
export function formNameOf({
  algorithm,
  limit,
}: Pick<CompiledLimit, "algorithm" | "limit">): string {
  const large = LARGE_FORMS.get(algorithm);
  return large && limit > large.above ? large.lua.name : algorithm;
}

/** Returns the arguments of a form's own script. */
export function ownArgsOf(charges: readonly Charge[]): (string | number)[] {
  return charges.flatMap(({ limit, cost }) => [limit.limit, limit.windowMs, cost]);
}

/** Returns the arguments of the scripts for all forms: the same, then the form and group of each limit. */
export function argsOf(charges: readonly Charge[]): (string | number)[] {
  return [
    ...ownArgsOf(charges),
    ...charges.flatMap(({ limit, group }) => [formNameOf(limit), group]),
  ];
}

/**
 * Reads the limit script's answer.
 *
 * @throws {StoreError} STORE_BAD_ANSWER when the answer has another form
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
 * Returns the state of a limit.
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

/** Returns the groups in which at least one limit had no capacity: nothing may be consumed from them. */
export function fullGroups(charged: readonly Charged[]): ReadonlySet<number> {
  const full = charged.filter(({ status }) => hasNoCapacity(status));
  return full.length === 0 ? NO_GROUPS : new Set(full.map(({ charge }) => charge.group));
}

const NO_GROUPS: ReadonlySet<number> = new Set();

/**
 * Returns the charges that were consumed: none when the enforced group had no capacity, else those of every
 * group with capacity.
 */
export function takenOf(charged: readonly Charged[]): readonly Charged[] {
  const full = fullGroups(charged);
  if (full.size === 0) return charged;
  return full.has(DECIDING) ? [] : charged.filter(({ charge }) => !full.has(charge.group));
}

/** Returns the decision that follows from a store's answer. */
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
