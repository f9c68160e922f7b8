import type { HeadgateOptions } from "#lib/options";
import { createGate } from "#lib/gate";
import { createLimits } from "#lib/limits";
import { type AnyPolicy, definePolicy } from "#lib/policy/define";
import type { RuleInput } from "#lib/policy/rule-input";
import { gateOptions } from "../../support/options.ts";
import { sure } from "../timing.ts";
import type { BilledCase, Cost, World } from "./world.ts";

/** Sends a request through the gate, awaits the work after the response, and returns the status. */
type Send = (path: string, method?: string) => Promise<number>;

/** Makes a new gate, by default on a new namespace. */
export function gateOf(
  world: World,
  policy: AnyPolicy,
  options: HeadgateOptions = gateOptions(world).options,
): Send {
  const guard = createGate(policy, options);
  return async (path, method = "GET") => {
    const later: Promise<unknown>[] = [];
    const headers = { "x-forwarded-for": "203.0.113.9" };
    const request = new Request(`http://app.example${path}`, { method, headers });
    const { status } = await guard(request, { waitUntil: (work) => later.push(work) });
    await Promise.all(later);
    return status;
  };
}

export type Rule = RuleInput<never, never>;

function policyOf(rule: Rule): AnyPolicy {
  return definePolicy({ rules: { checked: { ...rule, match: "/checked" } } });
}

/** Makes the case of a client's request under one rule, after earlier requests and with an expected status. */
export function checkOf(
  cost: Cost,
  rule: Rule,
  { after, status = 200, meanwhile }: CheckTerms,
): BilledCase {
  return {
    ...cost,
    async prepare(world) {
      const send = gateOf(world, policyOf(rule));
      for (let i = 0; i < after; i += 1) await send("/checked");
      await meanwhile?.(world);
      return async () => sure((await send("/checked")) === status);
    },
  };
}

interface CheckTerms {
  /** The number of earlier requests of the client. */
  readonly after: number;
  readonly status?: 200 | 429;
  /** A change of the store after the earlier requests. */
  readonly meanwhile?: (world: World) => Promise<unknown>;
}

/** Makes the case of a client's first check by a rule after another algorithm counted under the same keys. */
export function changedCheckOf(cost: Cost, from: Rule, to: Rule): BilledCase {
  return {
    ...cost,
    async prepare(world) {
      const { options } = gateOptions(world);
      await gateOf(world, policyOf(from), options)("/checked");
      const send = gateOf(world, policyOf(to), options);
      return async () => sure((await send("/checked")) === 200);
    },
  };
}

/** Makes the limits of one rule for calls from a handler. */
export function limitsOf(world: World, rule: Rule) {
  const { limit, peek, refund, checkRateLimit } = createLimits(
    definePolicy({ rules: { checked: rule } }),
    gateOptions(world).options,
  );
  const client = { ip: "203.0.113.9" };
  return {
    limit: () => limit("checked", client),
    peek: () => peek("checked", client),
    refund,
    checkRateLimit,
  };
}
