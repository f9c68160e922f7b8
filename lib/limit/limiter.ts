import { Ratelimit } from "@upstash/ratelimit";
import type { Decision } from "#lib/core/decision";
import type { RuleSet } from "#lib/policy/types";
import type { Redis } from "#lib/redis/client";
import { asStoreError, StoreError } from "#lib/redis/errors";
import type { Keys } from "#lib/redis/keys";
import type { Script } from "#lib/redis/script";
import {
  CLIENT_SEPARATOR,
  type SettledResult,
  type Settlement,
  settleTogether,
} from "./algorithm.ts";
import { type Charge, chargesOf, DECIDING } from "./charge.ts";
import { createLocalLimits, type LocalLimits } from "./local.ts";
import { restore } from "./restore.ts";
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
  /**
   * Adds in the store what was counted in this process while the store was away, once it answers
   * again; undefined where there is nothing to add. Never rejects.
   */
  catchUp(decision: Decision): Promise<void> | undefined;
}

export interface LimiterOptions {
  /**
   * Whether the store is a Redis Cluster, where each client's limits are settled apart.
   * @default false, until the store says so
   */
  readonly cluster?: boolean;
  /** The limit script, or a variant of it for tests. */
  readonly script?: Script;
  /** Counts in this process, for rules with "local"; or another for tests. */
  readonly local?: LocalLimits;
}

/** Makes the limiter of one store. */
export function createLimiter(redis: Redis, keys: Keys, options: LimiterOptions = {}): Limiter {
  const settle = createSettle(options.script ?? LIMIT_SCRIPT, options.cluster ?? false);
  // A rule set is one object for as long as the policy keeps it, and so is its Ratelimit.
  const built = new WeakMap<RuleSet, Ratelimit>();
  const local = options.local ?? createLocalLimits();
  const refunds = new WeakMap<Decision, () => number | Promise<number>>();

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

  /** What the rules say of a store that fails, said of this request. */
  const withoutStore = (
    mode: "take" | "peek",
    rules: RuleSet,
    clients: readonly string[],
    cost: number | undefined,
    error: Error,
  ): Decision => {
    const charges =
      rules.onStoreFailure === "local" ? localCharges(rules, clients, keys, cost) : [];
    if (charges.length === 0) return uncounted(rules.onStoreFailure !== "deny", error);
    const settled = local.settle(mode, charges);
    const decision: Decision = {
      ...decisionOf({ ...settled, shadows: [], at: undefined }),
      counted: "in-process",
      error,
    };
    refunds.set(decision, () => settled.giveBack());
    return decision;
  };

  return {
    async take(rules, clients, cost) {
      try {
        const options = cost === undefined ? {} : { rate: cost };
        const identifier = clients.join(CLIENT_SEPARATOR);
        const settlement = settlementOf(await ratelimitOf(rules).limit(identifier, options));
        const decision = decisionOf(settlement);
        const { taken } = settlement;
        if (taken.length > 0) refunds.set(decision, () => giveBack(redis, taken));
        return decision;
      } catch (error) {
        return withoutStore("take", rules, clients, cost, asStoreError(error));
      }
    },

    async peek(rules, clients) {
      try {
        const identifier = clients.join(CLIENT_SEPARATOR);
        return decisionOf(settlementOf(await ratelimitOf(rules).getRemaining(identifier)));
      } catch (error) {
        return withoutStore("peek", rules, clients, undefined, asStoreError(error));
      }
    },

    async refund(decision) {
      const giveBack = refunds.get(decision);
      refunds.delete(decision);
      try {
        return (await giveBack?.()) ?? 0;
      } catch {
        return 0;
      }
    },

    catchUp(decision) {
      if (decision.counted !== "in-store" || !local.owes()) return undefined;
      return restore(redis, local.takeOwed()).catch(() => {});
    },
  };
}

/** What is counted in the process: the limits that decide, of the rules that say "local". */
function localCharges(
  rules: RuleSet,
  clients: readonly string[],
  keys: Keys,
  cost: number | undefined,
): Charge[] {
  const names = new Set(
    rules.rules.filter(({ onStoreFailure }) => onStoreFailure === "local").map(({ name }) => name),
  );
  return chargesOf(rules, clients, keys, cost).filter(
    ({ group, limit }) => group === DECIDING && names.has(limit.rule),
  );
}

/** The class hands our result through whole, though its types drop what they do not know. */
function settlementOf(result: object): Settlement {
  if ("settlement" in result) return (result as SettledResult).settlement;
  throw new StoreError("STORE_BAD_ANSWER", "@upstash/ratelimit did not return our own result.");
}

function decisionOf({
  passed,
  limits,
  shadows,
  at,
}: Pick<Settlement, "passed" | "limits" | "shadows"> & Pick<Decision, "at">): Decision {
  const waits = limits.map((status) => status.waitMs);
  const never = waits.includes(undefined);
  return {
    allowed: passed,
    reason: passed ? "within-limit" : "over-limit",
    limits,
    shadows,
    retryAfterMs: passed || never ? undefined : Math.max(...waits.map((wait) => wait ?? 0)),
    at,
    counted: "in-store",
  };
}

function uncounted(allowed: boolean, error: Error): Decision {
  return {
    allowed,
    reason: "store-failed",
    limits: [],
    shadows: [],
    retryAfterMs: undefined,
    at: undefined,
    counted: "nowhere",
    error,
  };
}
