import { Ratelimit } from "@upstash/ratelimit";
import type { Decision } from "#lib/core/decision";
import { HeadgateError } from "#lib/core/errors";
import type { RuleSet } from "#lib/policy/types";
import type { Redis } from "#lib/redis/client";
import { StoreError } from "#lib/redis/errors";
import type { Keys } from "#lib/redis/keys";
import type { Script } from "#lib/redis/script";
import {
  CLIENT_SEPARATOR,
  type SettledResult,
  type Settlement,
  settleTogether,
} from "./algorithm.ts";
import type { Charged } from "./charge.ts";
import { createSettle, giveBack, LIMIT_SCRIPT } from "./settle.ts";

/** Settles the limits of rule sets in one store. Nothing here throws: a failure is a decision. */
export interface Limiter {
  /**
   * Takes a request's cost from every limit of the set that decides, or from none.
   *
   * @param clients the pseudonym of each limit's client, in the order of `settledLimits(rules)`
   * @param cost units, in the place of the rules' own cost
   */
  take(rules: RuleSet, clients: readonly string[], cost?: number): Promise<Decision>;
  /** Says how the limits stand for the rules' own cost, and takes nothing. */
  peek(rules: RuleSet, clients: readonly string[]): Promise<Decision>;
  /**
   * Gives back what an allowed decision of this limiter took, once. Answers the units given back,
   * over all its limits: 0 where nothing was taken, it was given back before, or the store failed.
   */
  refund(decision: Decision): Promise<number>;
}

export interface LimiterOptions {
  /**
   * Whether the store is a Redis Cluster, where each client's limits are settled apart.
   * @default false, until the store says so
   */
  readonly cluster?: boolean;
  /** The limit script, or a variant of it for tests. */
  readonly script?: Script;
}

/** Makes the limiter of one store. */
export function createLimiter(redis: Redis, keys: Keys, options: LimiterOptions = {}): Limiter {
  const settle = createSettle(options.script ?? LIMIT_SCRIPT, options.cluster ?? false);
  // A rule set is one object for as long as the policy keeps it, and so is its Ratelimit.
  const built = new WeakMap<RuleSet, Ratelimit>();
  const charges = new WeakMap<Decision, readonly Charged[]>();

  const ratelimitOf = (rules: RuleSet): Ratelimit => {
    const known = built.get(rules);
    if (known) return known;
    const made = new Ratelimit({
      redis,
      limiter: settleTogether(rules, keys, settle),
      prefix: keys.rateLimitPrefix,
      // Each of these costs calls, stores plain identifiers, or decides wrongly.
      analytics: false,
      ephemeralCache: false,
      enableProtection: false,
      enableTelemetry: false,
      timeout: 0,
    });
    built.set(rules, made);
    return made;
  };

  return {
    async take(rules, clients, cost) {
      try {
        const options = cost === undefined ? {} : { rate: cost };
        const identifier = clients.join(CLIENT_SEPARATOR);
        const settlement = settlementOf(await ratelimitOf(rules).limit(identifier, options));
        const decision = decisionOf(settlement);
        if (settlement.taken.length > 0) charges.set(decision, settlement.taken);
        return decision;
      } catch (error) {
        return withoutStore(rules, error);
      }
    },

    async peek(rules, clients) {
      try {
        const identifier = clients.join(CLIENT_SEPARATOR);
        return decisionOf(settlementOf(await ratelimitOf(rules).getRemaining(identifier)));
      } catch (error) {
        return withoutStore(rules, error);
      }
    },

    async refund(decision) {
      const taken = charges.get(decision);
      charges.delete(decision);
      if (!taken) return 0;
      try {
        return await giveBack(redis, taken);
      } catch {
        return 0;
      }
    },
  };
}

/** The class hands our result through whole, though its types drop what they do not know. */
function settlementOf(result: object): Settlement {
  if ("settlement" in result) return (result as SettledResult).settlement;
  throw new StoreError("STORE_BAD_ANSWER", "@upstash/ratelimit did not return our own result.");
}

function decisionOf({ passed, limits, shadows, at }: Settlement): Decision {
  const waits = limits.map((status) => status.waitMs);
  const never = waits.includes(undefined);
  return {
    allowed: passed,
    reason: passed ? "within-limit" : "over-limit",
    limits,
    shadows,
    retryAfterMs: passed || never ? undefined : Math.max(...waits.map((wait) => wait ?? 0)),
    at,
  };
}

function withoutStore(rules: RuleSet, cause: unknown): Decision {
  const error =
    cause instanceof HeadgateError
      ? cause
      : new StoreError("STORE_BAD_ANSWER", "The store call failed in an unknown way.", { cause });
  return {
    allowed: rules.onStoreFailure !== "deny",
    reason: "store-failed",
    limits: [],
    shadows: [],
    retryAfterMs: undefined,
    at: undefined,
    error,
  };
}
