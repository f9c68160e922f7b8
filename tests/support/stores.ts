import { connectCluster } from "#lib/gateway/cluster/store";
import { openEmbeddedStore } from "#lib/embedded/store";
import { connectRedis } from "#lib/gateway/store/redis-store";
import type { Command, Reply, Store } from "#lib/gateway/store/store";
import { startCluster } from "./cluster.ts";
import { startRedis } from "./redis.ts";

/** A running store, and any number of clients of it. */
export interface RunningStore {
  /** Returns another client of the same keys. Closing it keeps the keys. */
  open(): Promise<Store>;
  stop(): Promise<void>;
}

/** A kind of store that must fulfil the contract. */
export interface StoreKind {
  readonly name: string;
  /** Starts a separate empty store. */
  start(): Promise<RunningStore>;
}

const redisServer: StoreKind = {
  name: "redis-server",
  async start() {
    const redis = await startRedis();
    return {
      open: () => connectRedis({ redisUrl: redis.url, commandTimeoutMs: 5_000 }),
      stop: () => redis.stop(),
    };
  },
};

const embedded: StoreKind = {
  name: "embedded",
  async start() {
    const store = await openEmbeddedStore();
    return {
      open: async () => ({
        call: (...args) => store.call(...args),
        pipeline: (...args) => store.pipeline(...args),
        transaction: (...args) => store.transaction(...args),
        subscribe: (...args) => store.subscribe(...args),
        close: async () => {},
      }),
      stop: () => store.close(),
    };
  },
};

const cluster: StoreKind = {
  name: "Redis Cluster",
  async start() {
    const nodes = await startCluster();
    return {
      open: () => connectCluster({ redisUrl: nodes.url, commandTimeoutMs: 5_000 }),
      stop: () => nodes.stop(),
    };
  },
};

/** The stores on which the guarantees to clients are tested. */
export const STORES: readonly StoreKind[] = [redisServer, embedded];

/** The same stores and a cluster, for operations on the keys of one slot. */
export const STORES_AND_CLUSTER: readonly StoreKind[] = [...STORES, cluster];

/** Returns the store, and the names of the commands that were sent to it. */
export function recorded(store: Store) {
  const names: string[] = [];
  const noted = <T extends readonly Command[]>(commands: T): T => {
    names.push(...commands.map(([name]) => name.toUpperCase()));
    return commands;
  };
  const recording: Store = {
    call: (command, budget) => store.call(noted([command] as const)[0], budget),
    pipeline: (commands, budget) => store.pipeline(noted(commands), budget),
    transaction: (commands, budget) => store.transaction(noted(commands), budget),
    subscribe: (...args) => store.subscribe(...args),
    close: () => store.close(),
  };
  return { store: recording, names };
}

/** Returns a reply with its bytes as text. */
export function asText(reply: Reply): unknown {
  if (Buffer.isBuffer(reply)) return reply.toString();
  return Array.isArray(reply) ? reply.map(asText) : reply;
}
