import type { Redis } from "ioredis";
import { createHeadgate, type Gate, type GateSettings } from "#lib/create";
import { fromEnv } from "#lib/env";
import { countEvents, type CounterOptions } from "#lib/metrics";
import { definePolicy } from "#lib/policy/define";
import type { TestStore } from "./gateway.ts";

/** The policy for tests of counters. A client has two requests a minute. */
const policy = definePolicy({
  rules: {
    api: { match: "/api/:path*", limits: { ip: "2 per minute" } },
    trial: { match: "/api/trial", limits: { ip: "1 per minute" }, mode: "shadow" },
    all: { match: "/all", limits: { global: "1 per minute" } },
  },
});

/** The shortest window, because tests wait for its end. */
const WINDOW_MS = 100;

let namespaces = 0;

/** Returns a namespace that no other test has. */
export function ownNamespace(): string {
  namespaces += 1;
  return `counters-${process.pid}-${namespaces}`;
}

/** A gate that counts its events, like an instance of an app. */
export interface CountingGate {
  readonly gate: Gate<typeof policy>;
  /** Sends a request, and waits until the listeners are done, including the write of a window. */
  readonly send: (path: string, address?: string) => Promise<Response>;
  /** Sends several requests at once. */
  readonly sendAll: (count: number, path: string, address?: string) => Promise<void>;
}

export function countingGate(
  store: Pick<TestStore, "url" | "token">,
  namespace: string,
  {
    counters,
    ...more
  }: Partial<Omit<GateSettings, "counters">> & { counters?: CounterOptions } = {},
): CountingGate {
  const variables = {
    UPSTASH_REDIS_REST_URL: store.url,
    UPSTASH_REDIS_REST_TOKEN: store.token,
    CLIENT_IP_FROM: "hops:1",
    HEADGATE_NAMESPACE: namespace,
    HEADGATE_STORE_DEADLINE_MS: "10000",
  };
  const gate = createHeadgate(policy, {
    ...fromEnv(variables),
    onEvent: [],
    counters: countEvents({ windowMs: WINDOW_MS, ...counters }),
    ...more,
  });
  const send = async (path: string, address = "203.0.113.7") => {
    const request = new Request(`http://app.example${path}`, {
      headers: { "x-forwarded-for": address },
    });
    const work: Promise<unknown>[] = [];
    const response = await gate.middleware(request, { waitUntil: (one) => work.push(one) });
    await Promise.all(work);
    return response;
  };
  return {
    gate,
    send,
    async sendAll(count, path, address) {
      await Promise.all(Array.from({ length: count }, () => send(path, address)));
    },
  };
}

/** The counters of one environment in Redis. */
export interface KeptCounts {
  /** The cumulative counters by field. */
  readonly totals: Readonly<Record<string, string>>;
  /** The keys of a kind, one for each hour. */
  readonly of: (kind: "minutes" | "denied" | "events") => readonly string[];
}

export async function keptCounts(redis: Redis, namespace: string): Promise<KeptCounts> {
  const keys = await redis.keys(`${namespace}:{counters}:*`);
  return {
    totals: await redis.hgetall(`${namespace}:{counters}:totals`),
    of: (kind) => keys.filter((key) => key.includes(`:${kind}:`)),
  };
}
