import { Ratelimit } from "@upstash/ratelimit";
import { requireInstalled } from "#lib/core/installed";
import type { Redis } from "#lib/redis/client";
import type { Timed } from "#lib/redis/deadline";
import { StoreError } from "#lib/redis/errors";
import { type Charge, type Charged, DECIDING, fullGroups } from "../charge.ts";
import type { LimitStore, LocalCount } from "../store.ts";
import { RedisLimits } from "./redis.ts";

/** @upstash/ratelimit does not export the types of its algorithms. */
type UpstashAlgorithm = ConstructorParameters<typeof Ratelimit>[0]["limiter"];
type UpstashResult = Awaited<ReturnType<ReturnType<UpstashAlgorithm>["limit"]>>;

/**
 * What the class would do beside the algorithm. Its timeout turns a slow store into an allowed request,
 * its cache denies for too long, its deny list is read from the internet, its analytics keep keys without
 * an end, and its telemetry names the class to the store.
 */
const ALGORITHM_ALONE = {
  timeout: 0,
  ephemeralCache: false,
  enableProtection: false,
  analytics: false,
  enableTelemetry: false,
} as const;

/**
 * Counts limits through the class of `@upstash/ratelimit`, over `@upstash/redis`. The algorithms are
 * Headgate's, so keys and counts are those of `RedisLimits`, and an app may change from one store to the
 * other. What the class cannot do (report, refund, restore) goes to Redis directly.
 *
 * @example
 * const store = new UpstashLimits(redisOf(gate), { isCluster: false });
 */
export class UpstashLimits implements LimitStore {
  readonly #redis: Redis;
  readonly #counts: RedisLimits;

  /** @param options.isCluster whether the store is known to be a Redis Cluster */
  constructor(redis: Redis & Timed, options: { readonly isCluster?: boolean } = {}) {
    requireInstalled(Ratelimit);
    this.#redis = redis;
    this.#counts = new RedisLimits(redis, options);
  }

  async consume(charges: readonly Charge[]): Promise<readonly Charged[]> {
    return chargedOf(await this.#ratelimitOf(charges).limit(identifierOf(charges)));
  }

  async peek(charges: readonly Charge[]): Promise<readonly Charged[]> {
    return chargedOf(await this.#ratelimitOf(charges).getRemaining(identifierOf(charges)));
  }

  report(charges: readonly Charge[]): Promise<readonly Charged[]> {
    return this.#counts.report(charges);
  }

  refund(taken: readonly Charged[]): Promise<number> {
    return this.#counts.refund(taken);
  }

  restore(counts: readonly LocalCount[]): Promise<void> {
    return this.#counts.restore(counts);
  }

  /**
   * Makes the class for one call: it hands an algorithm a text and a number, and neither can carry
   * charges. An instance of its own costs no more than a table of calls in flight, and two calls for the
   * same client share nothing.
   */
  #ratelimitOf(charges: readonly Charge[]): Ratelimit {
    const limiter: UpstashAlgorithm = () => ({
      limit: async () => resultOf(await this.#counts.consume(charges)),
      getRemaining: async () => resultOf(await this.#counts.peek(charges)),
      // Required by the type. No caller has the class, so no caller can reset.
      resetTokens: async () => {},
    });
    return new Ratelimit({ ...ALGORITHM_ALONE, redis: this.#redis, limiter });
  }
}

/** The result that the class knows, and beside it how each limit stands: the class hands on both. */
type Result = UpstashResult & { readonly charged: readonly Charged[] };

/** The tightest of the limits that decide stands for all. */
function resultOf(charged: readonly Charged[]): Result {
  const [tightest] = charged
    .filter(({ charge }) => charge.group === DECIDING)
    .toSorted((a, b) => a.status.remaining - b.status.remaining);
  const { limit = 0, remaining = 0, waitMs, resetMs = 0 } = tightest?.status ?? {};
  return {
    success: !fullGroups(charged).has(DECIDING),
    limit,
    remaining,
    reset: (tightest?.at ?? 0) + (waitMs || resetMs),
    pending: Promise.resolve(),
    charged,
  };
}

/**
 * Reads what the algorithm added to a result.
 *
 * @throws {StoreError} STORE_BAD_ANSWER when the class decided by itself, as by the deny list of another
 * `Ratelimit` in this process, whose denials all instances of the class share
 */
function chargedOf(result: object): readonly Charged[] {
  if ("charged" in result) return (result as Result).charged;
  throw new StoreError(
    "STORE_BAD_ANSWER",
    "@upstash/ratelimit answered without a check: a client key must not be in a deny list of another Ratelimit in this process.",
  );
}

/** The clients of a request, as the class names them. */
function identifierOf(charges: readonly Charge[]): string {
  return [...new Set(charges.map(({ client }) => client))].join(",");
}
