import { Redis as Direct } from "ioredis";
import { startGateway, type Gateway } from "#lib/gateway/server";
import { createGate } from "#lib/gate";
import { createKeyedHash } from "#lib/identity/keyed-hash";
import { createLimits } from "#lib/limits";
import { definePolicy } from "#lib/policy/define";
import type { BreakerChange } from "#lib/redis/breaker";
import { createRedis } from "#lib/redis/client";
import { keyNames } from "#lib/redis/keys";
import { type DurableRedis, startDurableRedis } from "./durable-redis.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";

/** The deadline of a store call in milliseconds, which is the default. */
export const DEADLINE_MS = 500;

/** The requests that each client may send, by the store's count or by a process's. */
export const LIMIT = 30;

/** The gateway's bearer token. */
export const TOKEN = "a-token-of-the-fault-tests";

const policy = definePolicy({
  rules: {
    passing: { match: "/passing", limits: { ip: "30 per hour" } },
    closed: { match: "/closed", limits: { ip: "30 per hour" }, onStoreFailure: "deny" },
    counted: { limits: { ip: "30 per hour" } },
    local: { limits: { ip: "30 per hour" }, onStoreFailure: "local" },
  },
});

/** A gateway that can be ended and started again on its port. */
interface RestartableGateway {
  readonly url: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** One instance of an app: a separate client of the store, and the tools on it. */
export type Instance = ReturnType<typeof makeInstance>;

export interface World {
  readonly redis: DurableRedis;
  readonly gateway: RestartableGateway;
  readonly proxy: FaultProxy;
  readonly instances: readonly Instance[];
  /** True when the store's host name does not resolve. */
  isUnresolvable: boolean;
  /** True when clients disconnect right after their request. */
  isAborting: boolean;
  /** Sends a command to Redis itself. */
  command(words: readonly string[]): Promise<unknown>;
  stop(): Promise<void>;
}

let worlds = 0;

/** Starts Redis, the gateway in front of it, a proxy that can fail, and two instances. */
export async function startWorld(): Promise<World> {
  worlds += 1;
  const redis = await startDurableRedis();
  const gateway = await startRestartable(redis.url);
  const proxy = await startFaultProxy(gateway.url);
  const direct = new Direct(redis.url, { maxRetriesPerRequest: null });
  direct.on("error", () => {});
  const faults = { isUnresolvable: false, isAborting: false };
  const send: typeof fetch = (...[url, init]) =>
    fetch(faults.isUnresolvable ? "http://no-such-store.invalid/" : url, init);
  const namespace = `faults-${worlds}`;
  const instances = [
    makeInstance(proxy.url, namespace, send),
    makeInstance(proxy.url, namespace, send),
  ];
  return Object.assign(faults, {
    redis,
    gateway,
    proxy,
    instances,
    command: ([name = "", ...args]: readonly string[]) => direct.call(name, ...args),
    async stop() {
      direct.disconnect();
      await proxy.stop();
      await gateway.stop();
      await redis.stop();
    },
  });
}

async function startRestartable(redisUrl: string): Promise<RestartableGateway> {
  let gateway: Gateway = await startGateway({ redisUrl, token: TOKEN });
  const { url, port } = gateway;
  return {
    url,
    stop: () => gateway.close(),
    start: async () => {
      gateway = await startGateway({ redisUrl, token: TOKEN, port });
    },
  };
}

function makeInstance(url: string, namespace: string, send: typeof fetch) {
  const changes: (BreakerChange & { readonly at: number })[] = [];
  const redis = createRedis({
    url,
    token: TOKEN,
    deadlineMs: DEADLINE_MS,
    fetch: send,
    onBreakerChange: (change) => changes.push({ ...change, at: performance.now() }),
  });
  const secret = "a secret of the fault tests, long enough";
  const options = {
    redis,
    namespace,
    secret,
    addressSource: { from: "hops", hops: 1 },
  } as const;
  return {
    guard: createGate(policy, options),
    limits: createLimits(policy, options),
    parts: {
      redis,
      keys: keyNames(namespace),
      keyedHash: createKeyedHash(secret),
      secret,
    },
    /** When the instance's breaker opened and closed. */
    changes,
  };
}
