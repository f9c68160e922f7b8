import type { LimitStatus } from "#lib/core/decision";
import type { CompiledLimit, RuleSet } from "#lib/policy/types";
import { StoreError } from "#lib/redis/errors";
import type { Keys } from "#lib/redis/keys";

/** The group of the limits that decide, as the scripts know it. */
export const DECIDING = 0;

/** What one request takes from one limit of one client. */
export interface Charge {
  readonly limit: CompiledLimit;
  /** The client's pseudonym, which is the hash tag of the key. */
  readonly client: string;
  readonly key: string;
  /** Units. */
  readonly cost: number;
  /** {@link DECIDING}, or the number of a rule in shadow, from 1. */
  readonly group: number;
}

/** How one limit stands, and what it was charged. */
export interface Charged {
  readonly charge: Charge;
  readonly status: LimitStatus;
  /** When it was settled: milliseconds since 1970, on the clock of the Redis that holds the key. */
  readonly at: number;
}

/** Every limit that is settled for a request: those that decide, then those of each shadow rule. */
export function settledLimits({ limits, shadows }: RuleSet): readonly CompiledLimit[] {
  return [...limits, ...shadows.flatMap((shadow) => shadow.limits)];
}

/**
 * Names what a request takes.
 *
 * @param clients the pseudonym of each limit's client, in the order of {@link settledLimits}
 * @param cost units, in the place of each rule's own
 */
export function chargesOf(
  { limits, shadows }: RuleSet,
  clients: readonly string[],
  keys: Keys,
  cost: number | undefined,
): Charge[] {
  const grouped = [limits, ...shadows.map((shadow) => shadow.limits)].flatMap((each, group) =>
    each.map((limit) => ({ limit, group })),
  );
  return grouped.map(({ limit, group }, i) => {
    const client = clients[i] ?? "";
    const key = keys.rateLimit(client, keySuffix(limit, group));
    return { limit, client, key, group, cost: cost ?? limit.cost };
  });
}

/**
 * What a limit's key ends with. Limit and algorithm are not in it, so that a limit that is raised,
 * lowered or counted in another way goes on counting; the window is, for it is what is counted in.
 */
function keySuffix({ rule, subject, windowMs }: CompiledLimit, group: number): string {
  return `${rule}:${subject.expression}:${windowMs}${group === DECIDING ? "" : ":shadow"}`;
}

/** What the scripts are told of each charge. */
export function argsOf(charges: readonly Charge[]): (string | number)[] {
  return charges.flatMap(({ limit, cost, group }) => [
    limit.algorithm,
    limit.limit,
    limit.windowMs,
    cost,
    group,
  ]);
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
  const [at = 0, , ...rest] = numbers;
  return charges.map((charge, i) => {
    const [remaining = 0, wait = 0, resetMs = 0] = rest.slice(3 * i);
    return { charge, at, status: statusOf(charge.limit, remaining, wait, resetMs) };
  });
}

/** How a limit stands. `wait`: milliseconds until the cost has room, 0 when it has, -1 when never. */
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

/** The groups in which some limit had no room: of those nothing may be taken. */
export function fullGroups(charged: readonly Charged[]): ReadonlySet<number> {
  return new Set(
    charged.filter(({ status }) => status.waitMs !== 0).map(({ charge }) => charge.group),
  );
}

/** What is taken: nothing where what decides is full, and of the others every group with room. */
export function takenOf(charged: readonly Charged[]): readonly Charged[] {
  const full = fullGroups(charged);
  return full.has(DECIDING) ? [] : charged.filter(({ charge }) => !full.has(charge.group));
}
