import { once } from "node:events";
import type { RequestListener, Server } from "node:http";
import { Redis, type RedisOptions } from "ioredis";
import { HeadgateError } from "#lib/core/errors";
import { isInstalled, requireInstalled } from "#lib/core/installed";
import { connectCluster } from "#lib/gateway/cluster/store";
import { drainable } from "./drainable.ts";
import { createHandler } from "./handler.ts";
import { createHttpServer } from "./http-server.ts";
import { type GatewayLimits, withDefaults } from "./limits.ts";
import { withPortableScripts } from "./portable-scripts.ts";
import { connectRedis } from "#lib/gateway/store/redis-store";
import type { Store } from "#lib/gateway/store/store";
import { tokenCheck } from "./token.ts";

/** True when ioredis is installed, without which no Redis can be reached. */
export const canReachRedis = isInstalled(Redis);

/** The options of a gateway that do not depend on its store. */
export interface ServeOptions {
  /**
   * The token that callers send as `Authorization: Bearer`; at least 16 characters.
   * @example
   * await startGateway({ redisUrl, token: process.env["GATEWAY_TOKEN"] ?? "" });
   */
  readonly token: string;
  /**
   * The address on which the gateway listens.
   * @default "127.0.0.1"
   * @example
   * await startGateway({ redisUrl, token, host: "0.0.0.0" });
   */
  readonly host?: string;
  /**
   * The port on which the gateway listens; 0 chooses a free one.
   * @default 0
   * @example
   * await startGateway({ redisUrl, token, port: 8079 });
   */
  readonly port?: number;
  /**
   * The limits that differ from the defaults.
   * @default those of {@link GatewayLimits}
   * @example
   * await startGateway({ redisUrl, token, limits: { bodyBytes: 4 * 1024 * 1024 } });
   */
  readonly limits?: Partial<GatewayLimits>;
  /**
   * True when FLUSHDB and FLUSHALL run, which only tests need.
   * @default false
   * @example
   * await startGateway({ redisUrl, token, allowFlush: true });
   */
  readonly allowFlush?: boolean;
  /**
   * True when FUNCTION LOAD, FUNCTION DELETE, MOVE, COPY with DB and SLOWLOG GET run. They concern other
   * users of the Redis.
   * @default false
   * @example
   * await startGateway({ redisUrl, token, allowShared: true });
   */
  readonly allowShared?: boolean;
  /**
   * Called with each line that an operator should read. No line holds a secret.
   * @default no report
   * @example
   * await startGateway({ redisUrl, token, report: console.warn });
   */
  readonly report?: (line: string) => void;
}

export interface GatewayOptions extends ServeOptions {
  /**
   * The address of the Redis: redis://[user:password@]host[:port][/db], or rediss:// for TLS.
   * @default the Redis of `redisOptions`
   * @example
   * await startGateway({ token, redisUrl: "redis://127.0.0.1:6379" });
   */
  readonly redisUrl?: string;
  /**
   * The options of ioredis, such as `path` for a Unix socket.
   * @default the defaults of ioredis
   * @example
   * await startGateway({ token, redisOptions: { path: "/run/redis.sock" } });
   */
  readonly redisOptions?: RedisOptions;
  /**
   * True when the address is that of any node of a Redis Cluster.
   * @default false
   * @example
   * await startGateway({ redisUrl, token, cluster: true });
   */
  readonly cluster?: boolean;
}

/** A running gateway. */
export interface Gateway {
  readonly url: string;
  readonly token: string;
  readonly port: number;
  /** Ends streams, lets requests in progress finish (`limits.drainMs`), and then closes the store. */
  close(): Promise<void>;
}

/**
 * Serves the Upstash REST protocol in front of a Redis or a Redis Cluster. A Redis that cannot be reached is
 * not an error: requests are answered with 503 until it can.
 *
 * @throws {HeadgateError} GATEWAY_INVALID for invalid options, a port that is in use, or a `cluster` that
 *   does not fit the Redis; PACKAGE_MISSING without ioredis
 * @example
 * const gateway = await startGateway({ redisUrl: "redis://127.0.0.1:6379", token });
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  requireInstalled(Redis);
  tokenCheck(options.token);
  const { commandTimeoutMs } = withDefaults(options.limits);
  const connect = options.cluster ? connectCluster : connectRedis;
  const store = await connect({ ...options, commandTimeoutMs });
  try {
    return await serveStore(store, options);
  } catch (error) {
    await store.close();
    throw error;
  }
}

/**
 * Serves the Upstash REST protocol in front of any store; closing the gateway closes the store.
 *
 * @throws {HeadgateError} GATEWAY_INVALID for invalid options, or a port that is in use
 */
export async function serveStore(store: Store, options: ServeOptions): Promise<Gateway> {
  const limits = withDefaults(options.limits);
  const { host = "127.0.0.1", token } = options;
  let isOpen = true;
  const { listener, streams } = createHandler({
    ...limits,
    store: withPortableScripts(store, limits.scripts),
    isAuthorized: tokenCheck(token),
    allowFlush: options.allowFlush ?? false,
    allowShared: options.allowShared ?? false,
    isOpen: () => isOpen,
    report: options.report ?? (() => {}),
  });
  const server = createServer(listener, limits, options.report);
  const drain = drainable(server);
  const port = await listen(server, host, options.port ?? 0);

  const close = async () => {
    isOpen = false;
    streams.close();
    await drain(limits.drainMs);
    await store.close();
  };
  let closed: Promise<void> | undefined;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    token,
    port,
    close: () => (closed ??= close()),
  };
}

/** The option or variable that sets each limit that ends connections. */
const NAMES = {
  headersTimeoutMs: "limits.requestTimeoutMs",
  requestTimeoutMs: "limits.requestTimeoutMs",
  headerBytes: "NODE_OPTIONS=--max-http-header-size",
};

function createServer(
  listener: RequestListener,
  { requestTimeoutMs }: GatewayLimits,
  report: (line: string) => void = () => {},
): Server {
  const server = createHttpServer(listener, {
    headersTimeoutMs: requestTimeoutMs,
    requestTimeoutMs,
    checkEveryMs: Math.ceil(requestTimeoutMs / 10),
    // Longer than a client usually pauses between calls, so that its next call finds the connection open.
    keepAliveTimeoutMs: 60_000,
    // The handler bounds bodies itself, after it has checked the token, and answers in JSON.
    bodyBytes: Number.POSITIVE_INFINITY,
    names: NAMES,
    report,
  });
  // The handler requests the body, and only from clients that have the token.
  server.on("checkContinue", (request, response) => server.emit("request", request, response));
  return server;
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  try {
    server.listen(port, host);
    await once(server, "listening");
  } catch (cause) {
    const why = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
    const message = `The gateway cannot listen on ${host}, port ${port}: ${why}. Choose another port.`;
    throw new HeadgateError("GATEWAY_INVALID", message, { cause });
  }
  const address = server.address();
  return typeof address === "object" && address ? address.port : port;
}
