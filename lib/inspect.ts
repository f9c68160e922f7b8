/** What the limits of one client come to, and how it is freed: for an admin's page, and for the commands. */
import { decided, type LimitStatus } from "#lib/core/decision";
import { HeadgateError } from "#lib/core/errors";
import type { GateMode } from "#lib/core/mode";
import type { Charge, Charged } from "#lib/limit/charge";
import { forgetLimits, type Read, readLimits } from "#lib/limit/stores/reading";
import { RedisLimits } from "#lib/limit/stores/redis";
import type { AnyPolicy } from "#lib/policy/define";
import type { Gate } from "./gate-types.ts";
import {
  type ClientQuery,
  nameClient,
  type Naming,
  type RuleCharges,
  type UnknownLimit,
} from "./named-client.ts";

export type { ClientQuery, UnknownLimit } from "./named-client.ts";

/** As much of a gate as this needs. */
type Inspected = Naming & Pick<Gate<AnyPolicy>, "redis">;

/** How one limit stands for a client, on the clock of the store. */
export interface InspectedLimit {
  /** Its name in RateLimit headers, such as "search:ip:minute". */
  readonly name: string;
  /** Whom it counts, as the policy writes it, such as "user|ip". */
  readonly subject: string;
  /** True where all clients together are counted. */
  readonly isGlobal: boolean;
  /** The client key: what to search for in the log. */
  readonly clientKey: string;
  /** The key in the store. */
  readonly key: string;
  readonly algorithm: string;
  /** Units in one window. */
  readonly limit: number;
  /** Milliseconds. */
  readonly windowMs: number;
  /** Units that one request takes. */
  readonly cost: number;
  /** Units that count now; more than the limit where the limit was lowered. */
  readonly used: number;
  /** Units that are left. */
  readonly remaining: number;
  /** Milliseconds until one more request has capacity: 0 when it has, null when it never will. */
  readonly waitMs: number | null;
  /** Milliseconds until more than `remaining` is left; 0 when nothing is used. */
  readonly resetMs: number;
}

/** What one rule would decide now for one more request. */
export interface InspectedRule {
  readonly rule: string;
  /** The tier whose limits these are, such as "pro"; null for a rule without tiers. */
  readonly tier: string | null;
  /** True where the rule is counted for this client and denies nothing. */
  readonly isShadow: boolean;
  /** Whether every limit has capacity. A rule in shadow allows the request all the same. */
  readonly hasCapacity: boolean;
  /** Milliseconds until the request has capacity; null where it has, and where it never will. */
  readonly retryAfterMs: number | null;
  readonly limits: readonly InspectedLimit[];
}

/** How the limits of one client stand. */
export interface Inspection {
  /** HEADGATE_MODE: only with "enforce" is a request denied. */
  readonly mode: GateMode;
  /** "process" where the counts are in the memory of this process alone. */
  readonly countedIn: "store" | "process";
  /** The client keys, to search for in the log. */
  readonly clientKeys: readonly string[];
  /** In the order of the policy. */
  readonly rules: readonly InspectedRule[];
  /** Limits that count the address, which was not given. */
  readonly unknown: readonly UnknownLimit[];
}

/** One count that was deleted. */
export interface FreedLimit {
  readonly rule: string;
  /** Its name in RateLimit headers. */
  readonly name: string;
  /** The key in the store. */
  readonly key: string;
}

/** What a reset did. */
export interface Reset {
  readonly freed: readonly FreedLimit[];
  /** Limits that count the address, which was not given: they were left as they are. */
  readonly unknown: readonly UnknownLimit[];
}

/**
 * Returns how every limit stands that counts a client, and what each rule would decide now. It consumes
 * nothing and writes nothing. Of a client that is named by its key, only limits are told that have counted
 * something. Where limits are counted in the memory of this process (`MemoryLimits`), it reads those.
 *
 * @param gate what `createHeadgate` returns
 * @param query the client: its address and identities, or its client key; and one rule, where one is meant
 * @throws {HeadgateError} LIMIT_UNKNOWN_RULE; LIMIT_BAD_ARGUMENT for a client that cannot be; what is missing
 *   in the settings
 * @throws {StoreError} when the store does not answer within the deadline
 * @example
 * const { rules } = await inspectClient(gate, { identities: { user: "ada" } });
 * const denying = rules.filter(({ isShadow, hasCapacity }) => !isShadow && !hasCapacity);
 */
export async function inspectClient(gate: Inspected, query: ClientQuery): Promise<Inspection> {
  const { options } = gate;
  const client = nameClient(gate, query);
  const charges = client.rules.flatMap((rule) => rule.charges);
  const read = await readAll(gate, charges);
  const rules = client.rules.flatMap((rule) => inspected(rule, read, client.isByKey));
  const keys = rules.flatMap(({ limits }) =>
    limits.filter((limit) => client.isByKey || !limit.isGlobal).map(({ clientKey }) => clientKey),
  );
  return {
    mode: options.mode ?? "enforce",
    countedIn: options.limitStore?.isInProcess ? "process" : "store",
    clientKeys: [...new Set(keys)],
    rules,
    unknown: client.unknown,
  };
}

/**
 * Deletes what the store has counted of a client: in every tier, and by rules in shadow too. Limits that
 * count all clients together stay. Instances that have denied the client remember it for up to 30 seconds.
 *
 * @param gate what `createHeadgate` returns
 * @param query the client: its address and identities, or its client key; and one rule, where one is meant
 * @throws {HeadgateError} LIMIT_UNKNOWN_RULE; LIMIT_BAD_ARGUMENT for a client that cannot be;
 *   LIMIT_NOT_IN_STORE where limits are counted in the memory of this process; what is missing in the settings
 * @throws {StoreError} when the store does not answer within the deadline: some counts may be deleted then
 * @example
 * const { freed } = await resetClient(gate, { ip: "203.0.113.7", rule: "search" });
 */
export async function resetClient(gate: Inspected, query: ClientQuery): Promise<Reset> {
  const { limitStore } = gate.options;
  const { all, unknown } = nameClient(gate, query);
  refuseWithoutStore(gate.options);
  if (limitStore?.isInProcess) {
    throw new HeadgateError(
      "LIMIT_NOT_IN_STORE",
      "Limits are counted in the memory of this process, so no store has a count to delete. They end with the process.",
    );
  }
  const freed = await forgetLimits(gate.redis, all);
  return {
    freed: freed.map(({ key, limit: { rule, policyName: name } }) => ({ rule, name, key })),
    // Of a rule on trial the mode may be unknown, and the keys are not.
    unknown: unknown.filter(({ name }) => !all.some(({ limit }) => limit.policyName === name)),
  };
}

async function readAll(
  { options, redis }: Inspected,
  charges: readonly Charge[],
): Promise<ReadonlyMap<Charge, Read>> {
  const { limitStore } = options;
  refuseWithoutStore(options);
  const read =
    !limitStore || limitStore instanceof RedisLimits
      ? await readLimits(redis, charges)
      : (await limitStore.peek(charges)).map(readOf);
  return new Map(read.map((each) => [each.charge, each]));
}

/** Another store says how much is left, and not how much is used. */
function readOf({ charge, status }: Charged): Read {
  return { charge, status, used: status.limit - status.remaining };
}

/** @throws {HeadgateError} what is missing in the settings, where that is the store */
function refuseWithoutStore({ uncountable }: Inspected["options"]): void {
  if (uncountable && !uncountable.hasStore) throw uncountable.error;
}

/** Returns what a rule comes to; nothing where no limit of it counts the client. */
function inspected(
  { rule, tier, isShadow, charges }: RuleCharges,
  read: ReadonlyMap<Charge, Read>,
  isByKey: boolean,
): InspectedRule[] {
  const own = charges.flatMap((charge) => read.get(charge) ?? []);
  const counting = own.filter(({ used }) => used > 0 || !isByKey);
  if (counting.length === 0) return [];
  const statuses: readonly LimitStatus[] = counting.map(({ status }) => status);
  const decision = decided(statuses, { shadows: [], at: undefined, counted: "in-store" });
  return [
    {
      rule: rule.name,
      tier: tier ?? null,
      isShadow,
      hasCapacity: decision.allowed,
      retryAfterMs: decision.retryAfterMs ?? null,
      limits: counting.map(limitOf),
    },
  ];
}

function limitOf({ charge, status, used }: Read): InspectedLimit {
  const { limit, client, key, cost } = charge;
  return {
    name: limit.policyName,
    subject: limit.subject.expression,
    isGlobal: status.global,
    clientKey: client,
    key,
    algorithm: limit.algorithm,
    limit: limit.limit,
    windowMs: limit.windowMs,
    cost,
    used,
    remaining: status.remaining,
    waitMs: status.waitMs ?? null,
    resetMs: status.resetMs,
  };
}
