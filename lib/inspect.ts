/** Inspects and resets the limits of one client: for an admin's page, and for the commands. */
import { type Decision, decided, type LimitStatus } from "#lib/core/decision";
import { HeadgateError } from "#lib/core/errors";
import { readBy, readReason } from "#lib/control/arguments";
import { Changes } from "#lib/control/change";
import { controlKeys } from "#lib/control/keys";
import { type Charge, type Charged, DECIDING } from "#lib/limit/charge";
import { forgetLimits, type Read, readLimits } from "#lib/limit/stores/reading";
import { RedisLimits } from "#lib/limit/stores/redis";
import type { AnyPolicy } from "#lib/policy/define";
import type { CompiledLimit } from "#lib/policy/types";
import type { Gate } from "./gate-types.ts";
import { blockedBy, entryFor, uncountedBy } from "./holding.ts";
import type { InspectedLimit, InspectedRule, Inspection, Reset, ResetQuery } from "./inspection.ts";
import type { ClientQuery } from "./client-query.ts";
import { nameClient, type Naming, type RuleCharges } from "./named-client.ts";
import { readSetForClient, SetForClient } from "./set-for-client.ts";

export type {
  FreedLimit,
  InspectedLimit,
  InspectedRule,
  Inspection,
  Reset,
  ResetQuery,
} from "./inspection.ts";
export type { ClientQuery } from "./client-query.ts";
export type { UnknownLimit } from "./named-client.ts";
export type { ListedClient } from "./set-for-client.ts";

/** The part of a gate that this file needs. */
type Inspected = Naming & Pick<Gate<AnyPolicy>, "redis" | "requester">;

/**
 * Returns the state of every limit that counts a client, the decision that each rule would make now, and the
 * entries that are set for the client while the app runs. It consumes nothing and writes nothing. For a client
 * that is named by its key, only limits that have counted something are returned. When limits are counted in
 * the memory of this process (`MemoryLimits`), it reads those.
 *
 * @param gate the result of `createHeadgate`
 * @param query the client: its address and identities, or its client key; with `rule`, one rule alone
 * @throws {HeadgateError} LIMIT_UNKNOWN_RULE; LIMIT_BAD_ARGUMENT for a client that cannot exist; the error for
 *   a missing setting
 * @throws {StoreError} when the store does not answer within the deadline
 * @example
 * const { rules } = await inspectClient(gate, { identities: { user: "ada" } });
 * const denying = rules.filter(({ isShadow, hasCapacity }) => !isShadow && !hasCapacity);
 */
export async function inspectClient(gate: Inspected, query: ClientQuery): Promise<Inspection> {
  const { options } = gate;
  // A bad query throws before the store is called.
  nameClient(gate, query);
  const set = await readSet(gate, query.key !== undefined);
  const client = nameClient(gate, query, (match) => set.holding(match));
  const charges = client.rules.flatMap((rule) => rule.charges);
  const [read, held] = await Promise.all([readAll(gate, charges), set.held(client)]);
  const rules = client.rules.flatMap((rule) => inspected(rule, read, client.isByKey));
  const keys = rules.flatMap(({ limits }) =>
    limits.filter((limit) => client.isByKey || !limit.isGlobal).map(({ clientKey }) => clientKey),
  );
  return {
    mode: set.holding(undefined).mode,
    listed: set.listed(client, held),
    set: held,
    countedIn: options.limitStore?.isInProcess ? "process" : "store",
    clientKeys: [...new Set(keys)],
    rules,
    unknown: client.unknown,
  };
}

/**
 * Deletes the counts of a client from the store: in every tier, and of rules in shadow too. Limits that
 * count all clients together stay. Instances that have denied the client keep the denial for up to 30 seconds.
 * When the gate has `live`, they are told to forget the denial, and the log of changes holds the reset.
 *
 * @param gate the result of `createHeadgate`
 * @param query the client: its address and identities, or its client key; with `rule`, one rule alone
 * @throws {HeadgateError} LIMIT_UNKNOWN_RULE; LIMIT_BAD_ARGUMENT for a client that cannot exist;
 *   CONTROL_BAD_ARGUMENT for an invalid `reason` or `by`; LIMIT_NOT_IN_STORE when limits are counted in the
 *   memory of this process; the error for a missing setting
 * @throws {StoreError} when the store does not answer within the deadline; some counts may be deleted by then
 * @example
 * const { freed } = await resetClient(gate, { ip: "203.0.113.7", rule: "search" });
 */
export async function resetClient(gate: Inspected, query: ResetQuery): Promise<Reset> {
  const { limitStore, live } = gate.options;
  const { reason, by } = query;
  const changing = {
    reason: reason === undefined ? "" : readReason(reason),
    by: by === undefined ? "" : readBy(by),
  };
  const { all, unknown } = nameClient(gate, query);
  refuseWithoutStore(gate.options);
  if (limitStore?.isInProcess) {
    throw new HeadgateError(
      "LIMIT_NOT_IN_STORE",
      "Limits are counted in the memory of this process, so no store has a count to delete. They end with the process.",
    );
  }
  const freed = await forgetLimits(gate.redis, all);
  // Counts go first: an instance that forgot a denial before its count was deleted would be denied again.
  if (live && all.length > 0) {
    const denying = all.filter(({ group }) => group === DECIDING);
    const keys = denying.map(({ key }) => key);
    await new Changes(gate.redis, controlKeys(gate.keys)).reset(changing, keys);
  }
  return {
    freed: freed.map(({ key, limit: { rule, policyName: name } }) => ({ rule, name, key })),
    // The mode of a rule on trial may be unknown; its keys are known, and were deleted.
    unknown: unknown.filter(({ name }) => !all.some(({ limit }) => limit.policyName === name)),
  };
}

/** Reads the entries. When limits are counted in this process, there may be no store to read them from. */
async function readSet(gate: Inspected, isByKey: boolean): Promise<SetForClient> {
  const { limitStore, uncountable } = gate.options;
  refuseWithoutStore({ uncountable });
  try {
    return await readSetForClient(gate, isByKey);
  } catch (error) {
    if (!limitStore?.isInProcess) throw error;
    return new SetForClient(gate, [], isByKey);
  }
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

/** Derives the used units from the remaining ones, which are all that a custom store returns. */
function readOf({ charge, status }: Charged): Read {
  return { charge, status, used: status.limit - status.remaining };
}

/** @throws {HeadgateError} the error for a missing setting, when that setting is the store */
function refuseWithoutStore({ uncountable }: Pick<Inspected["options"], "uncountable">): void {
  if (uncountable && !uncountable.hasStore) throw uncountable.error;
}

/** Returns the state of a rule; empty when none of its limits counts the client. */
function inspected(
  { rule, tier, isShadow, isUnlimited, charges, own, client, holding }: RuleCharges,
  read: ReadonlyMap<Charge, Read>,
  isByKey: boolean,
): InspectedRule[] {
  const all = charges.flatMap((charge) => read.get(charge) ?? []);
  const counting = all.filter(({ used }) => used > 0 || !isByKey);
  if (counting.length === 0 && !isUnlimited) return [];
  const statuses: readonly LimitStatus[] = counting.map(({ status }) => status);
  const counted = decided(statuses, { shadows: [], at: undefined, counted: "in-store" });
  const entry = entryFor(holding, client);
  const made = entry?.list === "block" ? blockedBy(entry) : uncountedBy(entry, { all: charges });
  const decision = made ?? counted;
  return [
    {
      rule: rule.name,
      tier: tier ?? null,
      isShadow,
      ...outcome(decision, isShadow && !made, holding),
      hasCapacity: counted.allowed,
      retryAfterMs: counted.retryAfterMs ?? null,
      limits: counting.map((each) => limitOf(each, own)),
    },
  ];
}

/** Returns a decision's effect in the modes that hold. A block takes effect even when the rule is off. */
function outcome(
  { allowed, reason, entry }: Decision,
  isShadow: boolean,
  { mode, match }: RuleCharges["holding"],
): Pick<InspectedRule, "isAllowed" | "reason" | "entry"> {
  if (mode === "off" || (!match && reason !== "blocked")) {
    return { isAllowed: true, reason: "switched-off", entry: null };
  }
  return { isAllowed: allowed || isShadow || mode === "shadow", reason, entry: entry ?? null };
}

function limitOf({ charge, status, used }: Read, own: readonly CompiledLimit[]): InspectedLimit {
  const { limit, client, key, cost } = charge;
  return {
    name: limit.policyName,
    subject: limit.subject.expression,
    isGlobal: status.global,
    clientKey: client,
    key,
    algorithm: limit.algorithm,
    limit: limit.limit,
    policyLimit:
      own.find(({ policyName }) => policyName === limit.policyName)?.limit ?? limit.limit,
    windowMs: limit.windowMs,
    cost,
    used,
    remaining: status.remaining,
    waitMs: status.waitMs ?? null,
    resetMs: status.resetMs,
  };
}
