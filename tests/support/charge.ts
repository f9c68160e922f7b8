import type { Charge } from "#lib/limit/charge";
import type { Algorithm, CompiledLimit } from "#lib/policy/types";

/** Returns a request's charge to one limit of a rule "search", under the test's key. */
export function chargeOf(
  key: string,
  {
    limit = 5,
    cost = 1,
    windowMs = 16_000,
    algorithm = "sliding-log",
  }: { limit?: number; cost?: number; windowMs?: number; algorithm?: Algorithm } = {},
): Charge {
  const compiled: CompiledLimit = {
    rule: "search",
    policyName: "search",
    subject: { expression: "ip", kind: "first", names: ["ip"] },
    limit,
    windowMs,
    algorithm,
    cost,
  };
  return { limit: compiled, client: key, key, cost, group: 0 };
}
