import { isHeadgateError } from "#lib/core/errors";
import { canReachRedis } from "#lib/gateway/server";
import type { Variables } from "#lib/core/settings";
import { createRequester } from "#lib/redis/requester";
import type { Requester } from "#lib/redis/upstash-protocol";
import { asStoreError } from "#lib/redis/errors";
import { namedStore, type NamedStore } from "#lib/server/named-store";
import { hasOwnRedis } from "#lib/server/own-redis";

/** The store that the environment names: its kind and host, and nothing else of its address. */
export interface StoreInfo {
  readonly kind: "upstash" | "rest" | "tcp" | "none" | "unusable";
  /** The variable that names it; null when no variable does. */
  readonly by: string | null;
  /** The host and the port; null when no store is named, or its address cannot be used. */
  readonly host: string | null;
  readonly isCluster: boolean;
  /** What is wrong with the variables, without their values; null when they are valid. */
  readonly problem: string | null;
  /** The store of `headgate start` when no store is named. */
  readonly ownStore: "redis-server" | "embedded";
  /** The store's answer to a PING; null when none was sent. */
  readonly answer: StoreAnswer | null;
}

/** The result of a PING. */
export interface StoreAnswer {
  readonly ok: boolean;
  /** Whole milliseconds, with the time to connect. */
  readonly ms: number;
  /** A code of docs/reference/errors.md; null when the store answered. */
  readonly code: string | null;
}

/**
 * How long the PING may take, in milliseconds. It is long because a first connection takes longer than a
 * check.
 */
const PING_MS = 3000;

/**
 * Finds the store that the environment names. It never throws.
 *
 * @param pings true when the store is sent one PING
 */
export async function findStore(env: Variables, pings: boolean): Promise<StoreInfo> {
  const isCluster = env["HEADGATE_CLUSTER"] === "1";
  const ownStore = canReachRedis && hasOwnRedis() ? "redis-server" : "embedded";
  const none = { by: null, host: null, isCluster, problem: null, ownStore, answer: null } as const;
  let named: NamedStore | undefined;
  try {
    named = namedStore(env);
  } catch (error) {
    const problem = error instanceof Error ? error.message : "";
    return { ...none, kind: "unusable", problem };
  }
  if (!named) return { ...none, kind: "none" };
  const answer = pings ? await ping(named, isCluster) : null;
  return { ...none, ...described(named), answer };
}

function described(named: NamedStore): Pick<StoreInfo, "kind" | "by" | "host"> {
  if (named.by === "tcp") {
    const { host, port } = named.address;
    return { kind: "tcp", by: "REDIS_URL", host: `${host}:${port}` };
  }
  const { host, hostname } = new URL(named.url);
  const kind = hostname.endsWith(".upstash.io") ? "upstash" : "rest";
  return { kind, by: named.variable, host };
}

async function ping(named: NamedStore, isCluster: boolean): Promise<StoreAnswer> {
  const began = performance.now();
  const ended = (code: string | null): StoreAnswer => ({
    ok: code === null,
    ms: Math.round(performance.now() - began),
    code,
  });
  try {
    const client = await clientOf(named, isCluster);
    try {
      const { result } = await client.requester.request({ body: ["PING"] });
      return ended(result === "PONG" ? null : "STORE_BAD_ANSWER");
    } finally {
      await client.close();
    }
  } catch (error) {
    return ended(isHeadgateError(error) ? error.code : asStoreError(error).code);
  }
}

interface Client {
  readonly requester: Requester;
  close(): Promise<void>;
}

async function clientOf(named: NamedStore, cluster: boolean): Promise<Client> {
  if (named.by === "rest") {
    const { url, token } = named;
    return {
      requester: createRequester({ url, token, deadlineMs: PING_MS }),
      close: async () => {},
    };
  }
  const { connectTcp } = await import("#lib/gateway/direct");
  return connectTcp({ redisUrl: named.address.href, cluster, deadlineMs: PING_MS });
}
