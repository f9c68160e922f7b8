import { afterAll, beforeAll } from "vitest";
import { type Charge, type Charged, DECIDING } from "#lib/limit/charge";
import type { LimitStore } from "#lib/limit/store";
import { MemoryLimits } from "#lib/limit/stores/memory";
import { RedisLimits } from "#lib/limit/stores/redis";
import { UpstashLimits } from "#lib/limit/stores/upstash";
import { redisOver } from "#lib/redis/client";
import type { Requester } from "#lib/redis/requester";
import { scriptStoreOver } from "#lib/redis/script-store";
import { chargeOf } from "./charge.ts";
import type { ModelLimit } from "./model.ts";
import { type StoreKind, STORES_AND_CLUSTER } from "./stores.ts";
import { timedRequester } from "./timed-redis.ts";

/** A limit, and the group that it is checked with; the one that decides where none is given. */
export type GroupedLimit = ModelLimit & { readonly group?: number };

/** A store of limits that runs, by a clock that the test sets. */
export interface RunningLimits {
  readonly limits: LimitStore;
  stop(): Promise<void>;
}

/** A kind of store of limits: the contract suite runs on each of them. */
export interface LimitStoreKind {
  readonly name: string;
  start(clock: { readonly now: number }): Promise<RunningLimits>;
}

/** A class of limits on a kind of Redis: another class is one more call of this in LIMIT_STORES. */
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

/** Every store of limits, on all that it may stand on. */
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

/** What a check came to, and how each limit stands: milliseconds, with a wait of -1 for never. */
export interface Stand {
  readonly passed: boolean;
  readonly limits: readonly { remaining: number; wait: number; reset: number }[];
}

/** A store of limits for all tests of a block, and its methods at any time. */
export function limitsOn(kind: LimitStoreKind) {
  const clock = { now: 0 };
  let running: RunningLimits | undefined;
  beforeAll(async () => {
    running = await kind.start(clock);
  });
  afterAll(() => running?.stop());

  const at = (now: number): LimitStore => {
    if (!running) throw new Error("There is a store within a test alone.");
    clock.now = now;
    return running.limits;
  };
  return {
    /** Checks limits under these keys, at a time in milliseconds. */
    async run(
      mode: "consume" | "peek" | "report",
      keys: readonly string[],
      limits: readonly GroupedLimit[],
      now: number,
    ): Promise<Stand> {
      return standOf(await at(now)[mode](chargesOf(keys, limits)), now);
    },
    /** Gives back what was consumed at a time, and returns the units. */
    refund(
      keys: readonly string[],
      limits: readonly GroupedLimit[],
      taken: number,
      now: number,
    ): Promise<number> {
      return at(now).refund(chargesOf(keys, limits).map((charge) => chargedAt(charge, taken)));
    },
    /** Adds to a key what was counted without it: at which times, and how many units. */
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

/** A charge as an answer told of it at a time: no store reads more of it for a refund. */
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
