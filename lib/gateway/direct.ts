import { Command as RedisCommand } from "ioredis";
import { isHeadgateError } from "#lib/core/errors";
import { lazily } from "#lib/core/lazily";
import { requireInstalled } from "#lib/core/installed";
import { type Redis, redisOver } from "#lib/redis/client";
import { withinDeadline } from "#lib/redis/deadline";
import { commandNames } from "#lib/redis/protocol";
import { asStoreError, rejected, StoreError } from "#lib/redis/errors";
import { type BreakerSettings, type SendOnce, withBreaker } from "#lib/redis/requester";
import type { Requester, UpstashRequest, UpstashResponse } from "#lib/redis/upstash-protocol";
import { connectCluster } from "#lib/gateway/cluster/store";
import { toAnswer } from "./encoding.ts";
import { readAddress } from "#lib/gateway/store/redis-address";
import { connectRedis } from "#lib/gateway/store/redis-store";
import { type Command, ErrorReply, type Store } from "#lib/gateway/store/store";

/** Where the Redis is, and how its failures are treated. */
export interface TcpOptions extends BreakerSettings {
  /**
   * The address of the Redis: redis://[user:password@]host[:port][/db], or rediss:// for TLS.
   * @example
   * connectTcp({ redisUrl: "redis://127.0.0.1:6379" });
   */
  readonly redisUrl: string;
  /**
   * True when the address is that of any node of a Redis Cluster.
   * @default false
   * @example
   * connectTcp({ redisUrl, cluster: true });
   */
  readonly cluster?: boolean;
}

/** A client of a Redis that is reached by TCP. */
export interface TcpClient {
  /**
   * The same client as `createRedis` returns, with the same commands, errors, deadline and breaker, over TCP.
   */
  readonly redis: Redis;
  /** The same connection without the commands, for `createHeadgate`. */
  readonly requester: Requester;
  /** Closes the connection. Later calls fail. */
  close(): Promise<void>;
}

/** The default deadline of a call, in milliseconds. */
const DEADLINE_MS = 500;

/** How long connecting to Redis may take, in milliseconds. */
const CONNECT_MS = 2000;

/**
 * Connects to a Redis, Valkey or Redis Cluster over TCP, without a gateway. For apps that run only on Node.
 * All calls share one connection. While it is down calls fail at once, no command is sent twice, and it
 * reconnects automatically.
 *
 * @throws {HeadgateError} GATEWAY_INVALID when the address cannot be read; PACKAGE_MISSING without ioredis;
 *   `redis` throws it when it is used without @upstash/redis
 * @example
 * const { redis, close } = connectTcp({ redisUrl: "redis://127.0.0.1:6379" });
 */
export function connectTcp(options: TcpOptions): TcpClient {
  const { cluster = false, deadlineMs = DEADLINE_MS } = options;
  requireInstalled(RedisCommand);
  const redisUrl = readAddress(options.redisUrl).href;
  const connect = cluster ? connectCluster : connectRedis;
  // Connecting takes several round trips, so a short deadline applies only to calls.
  const connected = connect({ redisUrl, commandTimeoutMs: Math.max(deadlineMs, CONNECT_MS) });
  // Each call awaits `connected` and gets this error. Without a call it must not be an unhandled rejection.
  connected.catch(() => {});

  // The first call also waits for the connection, within the same deadline.
  const timed = { deadlineMs };
  const sendOnce: SendOnce = async (what, request) => {
    const work = connected.then((store) => run(store, what, request));
    try {
      return (await withinDeadline(timed, performance.now(), work)) as UpstashResponse<never>;
    } catch (error) {
      throw storeErrorOf(what, error);
    }
  };
  const requester = withBreaker(sendOnce, options);
  return {
    // Made at its first use: the gate and its tools need only the requester.
    redis: lazily(() => redisOver(requester, deadlineMs)),
    requester,
    close: async () => (await connected).close(),
  };
}

/** Runs the command, pipeline or transaction of one REST request on the store directly. */
async function run(store: Store, what: string, request: UpstashRequest): Promise<unknown> {
  const { path, body } = request;
  const route = path?.[0];
  if (route === undefined) {
    const answer = toAnswer(await store.call(commandOf(body)), false);
    if ("error" in answer) throw rejected(what, answer.error);
    return answer;
  }
  const commands = (body as readonly unknown[]).map(commandOf);
  if (route === "pipeline") {
    return (await store.pipeline(commands)).map((reply) => toAnswer(reply, false));
  }
  const replies = await store.transaction(commands);
  if (replies instanceof ErrorReply) {
    throw rejected(what, replies.message, commandNames(request));
  }
  return replies.map((reply) => toAnswer(reply, false));
}

function commandOf(body: unknown): Command {
  const [name = "", ...args] = (body as readonly unknown[]).map(String);
  return [name, ...args];
}

/** Returns the store's error with the name of the call. */
function storeErrorOf(what: string, error: unknown): Error {
  if (error instanceof StoreError || !isHeadgateError(error)) return asStoreError(error);
  const code = CODES.get(error.code) ?? "STORE_UNREACHABLE";
  return new StoreError(code, `${what}: ${error.message}`, { cause: error });
}

const CODES: ReadonlyMap<string, StoreError["code"]> = new Map([
  ["STORE_TIMEOUT", "STORE_TIMEOUT"],
  // The address belongs to a cluster and `cluster` is false, or the other way round.
  ["GATEWAY_INVALID", "STORE_WRONG_ADDRESS"],
]);
