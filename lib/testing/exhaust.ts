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

/** Makes what uses up the limits of a rule, in the store and past the gate's connection to it. */
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
    // What such a rule last heard of the count must not let the next request pass.
    if (rules.admit === "optimistic") await gate.limits.limit(rule, given);
  };
}

/** Local counts, which count meanwhile, would not know of it. */
function storeIsDown(): HeadgateError {
  return new HeadgateError(
    "LIMIT_BAD_ARGUMENT",
    'exhaust: the store is down. Call it before `storeIs("down")`, or send requests to use up local counts.',
  );
}

function unknownRule(rule: string, known: readonly string[]): HeadgateError {
  return new HeadgateError(
    "LIMIT_UNKNOWN_RULE",
    `exhaust: there is no rule ${JSON.stringify(rule)}. Known: ${known.join(", ")}.`,
  );
}

function unknownLimit(rule: string, limit = "", all: readonly Charge[]): HeadgateError {
  const names = all.map((charge) => charge.limit.policyName);
  return new HeadgateError(
    "LIMIT_BAD_ARGUMENT",
    `exhaust: the rule ${rule} has no limit ${JSON.stringify(limit)} for this client. Known: ${names.join(", ")}.`,
  );
}
