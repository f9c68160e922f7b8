import type { Ratelimit } from "@upstash/ratelimit";
import type { RuleSet } from "#lib/policy/types";
import type { Redis } from "#lib/redis/client";
import type { Keys } from "#lib/redis/keys";
import { chargesOf } from "./charge.ts";
import type { LimitStore } from "./store.ts";
import { type Settlement, settlementOf } from "./settlement.ts";

/** @upstash/ratelimit does not export the type of its algorithms. */
type UpstashAlgorithm = ConstructorParameters<typeof Ratelimit>[0]["limiter"];
type UpstashResult = Awaited<ReturnType<ReturnType<UpstashAlgorithm>["limit"]>>;

/** The result as @upstash/ratelimit knows it, and beside it everything that we know. */
export type SettledResult = UpstashResult & { readonly settlement: Settlement };

/** Between the clients in an identifier; no pseudonym holds it. */
export const CLIENT_SEPARATOR = ",";

/**
 * For an app that has @upstash/ratelimit and wants to keep its class, with its analytics and its
 * console: the limits of one rule set as an algorithm of @upstash/ratelimit: all that decide are settled
 * together, or nothing is taken. The identifier is the pseudonym of each limit's client, joined by
 * commas; `rate`, where given, replaces the rules' own cost. `getRemaining` looks and takes nothing.
 *
 * @public the gate itself settles without the class: docs/decisions/021-without-the-class.md
 */
export function settleTogether(
  rules: RuleSet,
  keys: Keys,
  storeOn: (redis: Redis) => LimitStore,
): UpstashAlgorithm {
  const chargesFor = (identifier: string, rate?: number) => {
    const clients = identifier.slice(keys.rateLimitPrefix.length + 1).split(CLIENT_SEPARATOR);
    return chargesOf(rules, clients, keys, rate);
  };
  const run = async (mode: "consume" | "peek", redis: Redis, identifier: string, rate?: number) =>
    summarise(settlementOf(rules, await storeOn(redis)[mode](chargesFor(identifier, rate))));

  return () => ({
    limit: (ctx, identifier, rate) => run("consume", ctx.redis, identifier, rate),
    getRemaining: (ctx, identifier) => run("peek", ctx.redis, identifier),
    resetTokens: async (ctx, identifier) => {
      await Promise.all(chargesFor(identifier).map(({ key }) => ctx.redis.del(key)));
    },
  });
}

/** The tightest limit stands for all in the fields that @upstash/ratelimit has. */
function summarise(settlement: Settlement): SettledResult {
  const [tightest] = settlement.limits.toSorted((a, b) => a.remaining - b.remaining);
  return {
    success: settlement.passed,
    limit: tightest?.limit ?? 0,
    remaining: tightest?.remaining ?? 0,
    // Apps write it into headers and compare it with their own clock, as the class itself does.
    reset: Date.now() + (tightest?.waitMs || tightest?.resetMs || 0),
    pending: Promise.resolve(),
    settlement,
  };
}
