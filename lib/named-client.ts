import type { Client, Counted, IdentityValues } from "#lib/core/client";
import { HeadgateError } from "#lib/core/errors";
import { canonicalAddress, UNKNOWN_ADDRESS } from "#lib/core/canonical-address";
import { clientOf } from "#lib/identity/identify";
import type { Listed } from "#lib/control/lists";
import { type Charge, chargeFor, chargesFor, DECIDING, rulesFor } from "#lib/limit/charge";
import { everyLimit } from "#lib/policy/select";
import type { CompiledLimit, CompiledRule, Match, RuleSet } from "#lib/policy/types";
import type { AnyPolicy } from "#lib/policy/define";
import { type ClientQuery, refuseBadQuery } from "./client-query.ts";
import type { Gate } from "./gate-types.ts";
import { type Holding, holdingFor, rulesHolding } from "./holding.ts";

/** The part of a gate that names clients and their keys. */
export type Naming = Pick<Gate<AnyPolicy>, "policy" | "options" | "keys" | "keyedHash">;

/** A limit that counts the address, which was not given. */
export interface UnknownLimit {
  readonly rule: string;
  /** Its name in RateLimit headers. */
  readonly name: string;
  /** The limit's subject, as the policy writes it, such as "user|ip". */
  readonly subject: string;
}

/** The charges of one rule for a request of a client. */
export interface RuleCharges {
  readonly rule: CompiledRule;
  /** The tier of these limits, such as "pro"; undefined for a rule without tiers. */
  readonly tier: string | undefined;
  readonly isShadow: boolean;
  /** Without the charges of limits that count the address, when the address is not known. */
  readonly charges: readonly Charge[];
  /** True when overrides remove every limit of the rule. */
  readonly isUnlimited: boolean;
  /** The rule's limits by the policy alone. */
  readonly own: readonly CompiledLimit[];
  readonly client: Client;
  readonly holding: Holding;
}

/** The limits of a client. */
export interface NamedClient {
  /** The part of the client that entries may name. */
  readonly client: Listed;
  /** True when the client was named by its key. Then only limits that have counted something are the client's. */
  readonly isByKey: boolean;
  readonly rules: readonly RuleCharges[];
  /** Every key that may hold a count of this client alone: in each tier, and in shadow too. */
  readonly all: readonly Charge[];
  readonly unknown: readonly UnknownLimit[];
}

/** The group of a rule in shadow that is read alone. */
const SHADOW = 1;

/** Returns what holds for a request that one rule matches. */
export type HoldingOf = (match: Match) => Holding;

/** The policy without what is set while the app runs. */
const OF_POLICY: HoldingOf = (match) =>
  holdingFor({ lists: undefined, live: undefined }, match, "enforce");

/**
 * Returns the limits of a client, with the keys by which the gate counts it.
 *
 * @param holdingOf adds what is set while the app runs; by default the policy alone holds
 * @throws {HeadgateError} LIMIT_UNKNOWN_RULE, or LIMIT_BAD_ARGUMENT when the query names no possible client
 */
export function nameClient(
  gate: Naming,
  query: ClientQuery,
  holdingOf: HoldingOf = OF_POLICY,
): NamedClient {
  const { policy } = gate;
  const { key, rule } = query;
  refuseBadQuery(gate, query);
  const names = rule === undefined ? [...policy.rules.keys()] : [rule];
  const matches = names.map((name) => {
    const match = policy.rule(name);
    if (match) return match;
    const known = [...policy.rules.keys()].join(", ");
    throw new HeadgateError(
      "LIMIT_UNKNOWN_RULE",
      `There is no rule ${JSON.stringify(name)}. The rules are ${known}.`,
    );
  });
  const parts = matches.map((match) => {
    const holding = holdingOf(match);
    return key === undefined
      ? ruleOfNamed(gate, match, query, holding)
      : ruleOfKey(gate, match, key, holding);
  });
  const clients = parts.map(({ client }) => client);
  return {
    client: {
      values: new Map(clients.flatMap(({ values }) => [...values])),
      address: clients[0]?.address ?? UNKNOWN_ADDRESS,
      counted: new Map(clients.flatMap(({ counted }) => [...counted])),
    },
    isByKey: key !== undefined,
    rules: parts.flatMap(({ rules }) => rules),
    all: distinct(parts.flatMap(({ all }) => all)),
    unknown: parts.flatMap(({ unknown }) => unknown),
  };
}

type RulePart = Omit<NamedClient, "isByKey" | "client"> & { readonly client: Client };

/** Returns the charges of one rule, for a client whose address and identities are given. */
function ruleOfNamed(
  gate: Naming,
  given: Match,
  { ip, identities = {} }: ClientQuery,
  holding: Holding,
): RulePart {
  // The counts of a rule that is switched off are returned too.
  const match = holding.match ?? given;
  const address =
    ip === undefined ? UNKNOWN_ADDRESS : canonicalAddress(ip, gate.options.ipv6Prefix);
  const values: IdentityValues = new Map(Object.entries(identities));
  const client = clientOf(match, values, address, gate.keyedHash);
  const isKnown = ({ subject }: CompiledLimit) =>
    client.hasAddress || !client.counted.get(subject.expression)?.countsAddress;
  // A rule with a percentage selects its clients by the hash of its subject.
  const isDrawn = match.trials.every(({ subject }) => {
    const counted = subject && client.counted.get(subject.expression);
    return client.hasAddress || counted?.countsAddress === false;
  });
  const own = limitsIn(rulesFor(match, client));
  const { all, rules } = chargesFor(rulesHolding(holding, match, client), client, gate.keys);
  const charges = isDrawn ? all.filter(({ limit }) => isKnown(limit)) : [];
  const unknown = all.filter((charge) => !charges.includes(charge));
  return {
    client,
    rules: match.rules.map((rule) => ({
      rule,
      tier: tierOf(rule, own[0]),
      isShadow: rules.shadows.length > 0,
      charges,
      isUnlimited: all.length === 0,
      own,
      client,
      holding,
    })),
    all: keysOf(gate, given, client, isKnown).filter(({ limit }) => !isGlobal(limit)),
    unknown: unknown.map(({ limit: { rule, policyName: name, subject } }) => ({
      rule,
      name,
      subject: subject.expression,
    })),
  };
}

/** Returns the charges of one rule, for a client known by its key alone: in each tier and each possible mode. */
function ruleOfKey(gate: Naming, given: Match, key: string, holding: Holding): RulePart {
  const match = holding.match ?? given;
  const ofAll = gate.keyedHash("global", "") === key;
  const isItsOwn = (limit: CompiledLimit) => isGlobal(limit) === ofAll;
  const one: Counted = { key, countsAddress: false };
  const counted = new Map(match.subjects.map(({ expression }) => [expression, one]));
  const address = UNKNOWN_ADDRESS;
  const client: Client = {
    values: new Map(),
    address,
    hasAddress: true,
    counted,
    shares: new Map(),
  };
  const rules = match.rules.flatMap((rule) => {
    const tiers: readonly (readonly [string | undefined, readonly CompiledLimit[]])[] = rule.tiers
      ? [...rule.tiers.limits]
      : [[undefined, rule.limits] as const];
    return tiers.flatMap(([tier, own]) => {
      const ofTier = { ...rulesFor(match, client), limits: own, shadows: [] };
      const limits = holding.inForce?.limited(ofTier, client).limits ?? own;
      return groupsOf(rule).map((group) => ({
        rule,
        tier,
        isShadow: group !== DECIDING,
        charges: limits.filter(isItsOwn).map((limit) => chargeFor(limit, group, client, gate.keys)),
        isUnlimited: false,
        own,
        client,
        holding,
      }));
    });
  });
  return { client, rules, all: keysOf(gate, given, client, isItsOwn), unknown: [] };
}

/** Returns every key that these limits may have for a client, in each tier and mode. */
function keysOf(
  { keys }: Naming,
  { rules }: Match,
  client: Client,
  isMeant: (limit: CompiledLimit) => boolean,
): readonly Charge[] {
  return rules
    .flatMap(everyLimit)
    .filter(isMeant)
    .flatMap((limit) => [DECIDING, SHADOW].map((group) => chargeFor(limit, group, client, keys)));
}

function limitsIn({ limits, shadows }: RuleSet): readonly CompiledLimit[] {
  return [...limits, ...shadows.flatMap((shadow) => shadow.limits)];
}

function groupsOf({ enforced }: CompiledRule): readonly number[] {
  if (enforced === 0) return [SHADOW];
  return enforced === 100 ? [DECIDING] : [DECIDING, SHADOW];
}

function tierOf({ tiers }: CompiledRule, limit: CompiledLimit | undefined): string | undefined {
  return [...(tiers?.limits ?? [])].find(([, limits]) =>
    limits.some((each) => each === limit),
  )?.[0];
}

function isGlobal({ subject }: CompiledLimit): boolean {
  return subject.kind === "global";
}

/** Removes duplicates: two tiers with the same windows have the same keys. */
function distinct(charges: readonly Charge[]): readonly Charge[] {
  return [...new Map(charges.map((charge) => [charge.key, charge])).values()];
}
