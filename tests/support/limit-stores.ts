import { afterAll, beforeAll } from "vitest";
import { type Charge, type Charged, DECIDING } from "#lib/limit/charge";
import type { LimitStore } from "#lib/limit/store";
import { MemoryLimits } from "#lib/limit/stores/memory";
import { RedisLimits } from "#lib/limit/stores/redis";
import { UpstashLimits } from "#lib/limit/stores/upstash";
import { redisOver } from "#lib/redis/client";
import type { Requester } from "#lib/redis/upstash-protocol";
import { scriptStoreOver } from "#lib/redis/script-store";
import { chargeOf } from "./charge.ts";
import type { ModelLimit } from "./model.ts";
import { type StoreKind, STORES_AND_CLUSTER } from "./stores.ts";
import { timedRequester } from "./timed-redis.ts";

/** A limit and the group that it is checked with, by default the enforced one. */
export type GroupedLimit = ModelLimit & { readonly group?: number };

/** A running store of limits with a clock that the test sets. */
export interface RunningLimits {
  readonly limits: LimitStore;
  stop(): Promise<void>;
}

/** A kind of store of limits. The contract suite runs on each kind. */
export interface LimitStoreKind {
  readonly name: string;
  start(clock: { readonly now: number }): Promise<RunningLimits>;
}

/** Makes the kind for a class of limits on a kind of Redis. Another class is one more call in LIMIT_STORES. */
function onRedis(
  name: string,
  kind: StoreKind,
  limitsOn: (requester: Requester) => LimitStore,
): LimitStoreKind {
  return {
    name: `${name} on ${kind.name}`,
    async start(clock) {
      const running = await kind.start();
      const store = await running.open();
      return {
        limits: limitsOn(timedRequester(store, clock)),
        async stop() {
          await store.close();
          await running.stop();
        },
      };
    },
  };
}

const memory: LimitStoreKind = {
  name: "MemoryLimits",
  start: async (clock) => ({
    limits: new MemoryLimits({ clock: () => clock.now }),
    stop: async () => {},
  }),
};

/** Every store of limits, on each kind of Redis that it supports. */
export const LIMIT_STORES: readonly LimitStoreKind[] = [
  ...STORES_AND_CLUSTER.map((kind) =>
    onRedis(
      "RedisLimits",
      kind,
      (requester) => new RedisLimits(scriptStoreOver(requester, 10_000)),
    ),
  ),
  // On a Redis Cluster UpstashLimits is covered by tests/contract/limits-on-cluster.test.ts.
  ...STORES_AND_CLUSTER.filter(({ name }) => name === "redis-server").map((kind) =>
    onRedis("UpstashLimits", kind, (requester) => new UpstashLimits(redisOver(requester, 10_000))),
  ),
  memory,
];

/** The result of a check and the state of each limit. Times are in milliseconds, and a wait of -1 means never. */
export interface Stand {
  readonly passed: boolean;
  readonly limits: readonly { remaining: number; wait: number; reset: number }[];
}

/** The methods of a store of limits, at any time. */
export type LimitsOn = ReturnType<typeof limitsOn>;

/** A store of limits for all tests of a block, with its methods at any time. */
export function limitsOn(kind: LimitStoreKind) {
  const clock = { now: 0 };
  let running: RunningLimits | undefined;
  beforeAll(async () => {
    running = await kind.start(clock);
  });
  afterAll(() => running?.stop());

  const at = (now: number): LimitStore => {
    if (!running) throw new Error("The store exists only within a test.");
    clock.now = now;
    return running.limits;
  };
  return {
    /** Checks limits under these keys at a time in milliseconds. */
    async run(
      mode: "consume" | "peek" | "report",
      keys: readonly string[],
      limits: readonly GroupedLimit[],
      now: number,
    ): Promise<Stand> {
      return standOf(await at(now)[mode](chargesOf(keys, limits)), now);
    },
    /** Refunds the units that were consumed at a time, and returns them. */
    refund(
      keys: readonly string[],
      limits: readonly GroupedLimit[],
      taken: number,
      now: number,
    ): Promise<number> {
      return at(now).refund(chargesOf(keys, limits).map((charge) => chargedAt(charge, taken)));
    },
    /** Adds units that were counted elsewhere to a key: their times and numbers. */
    restore(
      key: string,
      limit: GroupedLimit,
      taken: readonly { readonly at: number; readonly units: number }[],
      now: number,
    ): Promise<void> {
      const [charge] = chargesOf([key], [limit]);
      const ages = taken.map((each) => ({ ageMs: now - each.at, units: each.units }));
      return at(now).restore(charge ? [{ charge, taken: ages }] : []);
    },
  };
}

export function chargesOf(keys: readonly string[], limits: readonly GroupedLimit[]): Charge[] {
  return limits.map(({ group = DECIDING, ...limit }, i) => ({
    ...chargeOf(keys[i] ?? "", limit),
    group,
  }));
}

/** A charge with the time of its reply. A refund needs no other data. */
function chargedAt(charge: Charge, at: number): Charged {
  const { rule, policyName, limit, windowMs } = charge.limit;
  const limits = { rule, policyName, global: false, limit, windowMs };
  return { charge, at, status: { ...limits, remaining: 0, waitMs: 0, resetMs: 0 } };
}

export function standOf(charged: readonly Charged[], now: number): Stand {
  for (const { at } of charged) {
    if (at !== now) throw new Error(`The store was asked at ${now}, and answered for ${at}.`);
  }
  return {
    passed: charged.every(({ charge, status }) => charge.group !== DECIDING || status.waitMs === 0),
    limits: charged.map(({ status: { remaining, waitMs = -1, resetMs } }) => ({
      remaining,
      wait: waitMs,
      reset: resetMs,
    })),
  };
}
