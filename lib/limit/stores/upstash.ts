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
 * Turns off the functions of the class beside the algorithm. Its timeout allows requests when the store is
 * slow, its cache denies for too long, its deny list is read from the internet, its analytics write keys
 * without a TTL, and its telemetry names the class to the store.
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
 * other. Report, refund and restore, which the class does not have, call Redis directly.
 *
 * @example
 * const store = new UpstashLimits(redisOf(gate), { isCluster: false });
 */
export class UpstashLimits implements LimitStore {
  readonly #redis: Redis;
  readonly #counts: RedisLimits;

  /** @param options.isCluster whether the store is known to be a Redis Cluster */
  constructor(
    redis: Redis & Timed,
    options: {
      /**
       * Whether the store is known to be a Redis Cluster.
       * @default false, until the store reports a cluster
       * @example
       * new UpstashLimits(redisOf(gate), { isCluster: true });
       */
      readonly isCluster?: boolean;
    } = {},
  ) {
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
   * Makes an instance of the class for one call, because the class passes an algorithm only a text and a
   * number, and neither can contain charges. A separate instance costs no more than a table of calls in
   * flight, and two calls for the same client share no state.
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

/** The result for the class, with the state of each limit added: the class returns both. */
type Result = UpstashResult & { readonly charged: readonly Charged[] };

/** Returns the result of the enforced limit with the least remaining units. */
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
 * Returns the states that the algorithm added to a result.
 *
 * @throws {StoreError} STORE_BAD_ANSWER when the class decided without the algorithm, for example by the deny
 * list of another `Ratelimit` in this process, which all instances of the class share
 */
function chargedOf(result: object): readonly Charged[] {
  if ("charged" in result) return (result as Result).charged;
  throw new StoreError(
    "STORE_BAD_ANSWER",
    "@upstash/ratelimit answered without a check: a client key must not be in a deny list of another Ratelimit in this process.",
  );
}

/** Returns the identifier of a request's clients for the class. */
function identifierOf(charges: readonly Charge[]): string {
  return [...new Set(charges.map(({ client }) => client))].join(",");
}
