import { HeadgateError } from "#lib/core/errors";
import type { Gate } from "#lib/create";
import { type Charge, chargesFor, rulesFor } from "#lib/limit/charge";
import type { Given } from "#lib/limits";
import { partsOf } from "#lib/parts";
import type { AnyPolicy, IdentityName, RuleName } from "#lib/policy/define";
import { SOME_ADDRESS } from "./request.ts";
import type { TestStore } from "./store.ts";

type Exhaust<P extends AnyPolicy> = (
  rule: RuleName<P>,
  client?: Given<IdentityName<P>>,
  limit?: string,
) => Promise<void>;

/** Returns a function that uses up the limits of a rule in the store, without the gate's connection. */
export function exhaustOf<P extends AnyPolicy>(
  policy: P,
  gate: Pick<Gate<P>, "options" | "limits">,
  store: TestStore,
): Exhaust<P> {
  const { policy: compiled, identifier, keys } = partsOf(policy, gate.options);
  return async (rule, client, limit) => {
    if (!store.isUp) throw storeIsDown();
    const match = compiled.rule(rule);
    if (!match) throw unknownRule(rule, [...compiled.rules.keys()]);
    const given = { ip: SOME_ADDRESS, ...client };
    const known = new Map<string, string | undefined>(Object.entries(given));
    const named = await identifier.fromCode(match, known);
    const { all, rules } = chargesFor(rulesFor(match, named.client), named.client, keys);
    const charges = limit === undefined ? all : all.filter((one) => one.limit.policyName === limit);
    if (charges.length === 0) throw unknownLimit(rule, limit, all);
    const standing = await store.limits.peek(charges);
    const left = standing.map(({ charge, status }) => ({ ...charge, cost: status.remaining }));
    await store.limits.report(left.filter(({ cost }) => cost > 0));
    // An optimistic rule must learn the new count, or it would allow the next request.
    if (rules.admit === "optimistic") await gate.limits.limit(rule, given);
  };
}

/** Returns the error while the store is down, because local counts would not include the change. */
function storeIsDown(): HeadgateError {
  return new HeadgateError(
    "LIMIT_BAD_ARGUMENT",
    'exhaust: the store is down. Call it before `storeIs("down")`, or send requests to use up local counts.',
  );
}

function unknownRule(rule: string, known: readonly string[]): HeadgateError {
  return new HeadgateError(
    "LIMIT_UNKNOWN_RULE",
    `exhaust: there is no rule ${JSON.stringify(rule)}. The rules are ${known.join(", ")}.`,
  );
}

function unknownLimit(rule: string, limit = "", all: readonly Charge[]): HeadgateError {
  const names = all.map((charge) => charge.limit.policyName);
  return new HeadgateError(
    "LIMIT_BAD_ARGUMENT",
    `exhaust: the rule ${rule} has no limit ${JSON.stringify(limit)} for this client. Its limits are ${names.join(", ")}.`,
  );
}
