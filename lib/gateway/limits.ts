import { isWhole, wholeForm } from "#lib/core/argument";
import { HeadgateError } from "#lib/core/errors";

/** The limits of the gateway. Each is a whole number of 1 or more. */
export interface GatewayLimits {
  /**
   * The largest body, in bytes.
   * @default 1048576
   * @example
   * await startGateway({ redisUrl, token, limits: { bodyBytes: 4 * 1024 * 1024 } });
   */
  readonly bodyBytes: number;
  /**
   * How much memory the replies of one request may use, in bytes.
   * @default 67108864
   * @example
   * await startGateway({ redisUrl, token, limits: { replyBytes: 16 * 1024 * 1024 } });
   */
  readonly replyBytes: number;
  /**
   * How much memory the replies of all requests in progress may use, in bytes.
   * @default 268435456
   * @example
   * await startGateway({ redisUrl, token, limits: { allReplyBytes: 512 * 1024 * 1024 } });
   */
  readonly allReplyBytes: number;
  /**
   * The most commands in a pipeline or a transaction.
   * @default 1000
   * @example
   * await startGateway({ redisUrl, token, limits: { pipelineCommands: 5000 } });
   */
  readonly pipelineCommands: number;
  /**
   * The most requests in progress at once. Further ones are answered with 503.
   * @default 1000
   * @example
   * await startGateway({ redisUrl, token, limits: { concurrentRequests: 200 } });
   */
  readonly concurrentRequests: number;
  /**
   * The most streams of /subscribe and /psubscribe at once. Further ones are answered with 503.
   * @default 1000
   * @example
   * await startGateway({ redisUrl, token, limits: { listeners: 50 } });
   */
  readonly listeners: number;
  /**
   * How many bytes of a stream may wait for its client. A client with more bytes waiting when the next
   * message comes is disconnected.
   * @default 1048576
   * @example
   * await startGateway({ redisUrl, token, limits: { listenerBytes: 256 * 1024 } });
   */
  readonly listenerBytes: number;
  /**
   * How often every stream is sent a comment, in milliseconds. It should be below 60 s, because many proxies
   * close a silent stream after that time.
   * @default 15000
   * @example
   * await startGateway({ redisUrl, token, limits: { pingMs: 30_000 } });
   */
  readonly pingMs: number;
  /**
   * The most scripts that are remembered of those whose text was changed for Redis. At least half as many of
   * the most recently used ones are kept.
   * @default 1000
   * @example
   * await startGateway({ redisUrl, token, limits: { scripts: 100 } });
   */
  readonly scripts: number;
  /**
   * How long Redis may take to answer a command, in milliseconds.
   * @default 2000
   * @example
   * await startGateway({ redisUrl, token, limits: { commandTimeoutMs: 500 } });
   */
  readonly commandTimeoutMs: number;
  /**
   * How long a request may take to arrive, headers and body, in milliseconds.
   * @default 10000
   * @example
   * await startGateway({ redisUrl, token, limits: { requestTimeoutMs: 5000 } });
   */
  readonly requestTimeoutMs: number;
  /**
   * How long requests in progress may take once the gateway closes, in milliseconds.
   * @default 5000
   * @example
   * await startGateway({ redisUrl, token, limits: { drainMs: 10_000 } });
   */
  readonly drainMs: number;
}

const DEFAULTS: GatewayLimits = {
  bodyBytes: 1_048_576,
  replyBytes: 67_108_864,
  allReplyBytes: 268_435_456,
  pipelineCommands: 1_000,
  concurrentRequests: 1_000,
  listeners: 1_000,
  listenerBytes: 1_048_576,
  pingMs: 15_000,
  scripts: 1_000,
  commandTimeoutMs: 2_000,
  requestTimeoutMs: 10_000,
  drainMs: 5_000,
};

/**
 * Returns the defaults, replaced by the overrides that are given.
 *
 * @throws {HeadgateError} GATEWAY_INVALID, naming the limit that is not a whole number of 1 or more
 */
export function withDefaults(overrides: Partial<GatewayLimits> = {}): GatewayLimits {
  const limits = { ...DEFAULTS, ...overrides };
  for (const [name, value] of Object.entries(limits)) {
    if (isWhole(value, 1)) continue;
    throw new HeadgateError(
      "GATEWAY_INVALID",
      `limits.${name} must be ${wholeForm(1)}, not ${value}.`,
    );
  }
  return limits;
}
