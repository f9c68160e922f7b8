import { isWhole, wholeForm } from "#lib/core/argument";
import { HeadgateError } from "#lib/core/errors";

/** How much the gateway takes on. Each is a whole number of 1 or more. */
export interface GatewayLimits {
  /** The largest body, in bytes. @default 1048576 */
  readonly bodyBytes: number;
  /** What the replies of one request may take in memory, in bytes. @default 67108864 */
  readonly replyBytes: number;
  /** What the replies of all requests at work may take together, in bytes. @default 268435456 */
  readonly allReplyBytes: number;
  /** The most commands in a pipeline or a transaction. @default 1000 */
  readonly pipelineCommands: number;
  /** The most requests at work at once; more are answered 503. @default 1000 */
  readonly concurrentRequests: number;
  /** The most streams of /subscribe and /psubscribe at once; more are answered 503. @default 1000 */
  readonly listeners: number;
  /**
   * How many bytes may wait for the reader of a stream, in bytes. One who leaves more waiting when the
   * next message comes is disconnected.
   * @default 1048576
   */
  readonly listenerBytes: number;
  /** How often every stream is sent a comment, in milliseconds; below 60 s, when a silent one is cut. @default 15000 */
  readonly pingMs: number;
  /**
   * The most scripts whose text was changed for Redis that are remembered; at least half as many of those
   * that were used last are.
   * @default 1000
   */
  readonly scripts: number;
  /** How long Redis may take to answer a command, in milliseconds. @default 2000 */
  readonly commandTimeoutMs: number;
  /** How long a request may take to arrive, headers and body, in milliseconds. @default 10000 */
  readonly requestTimeoutMs: number;
  /** How long requests at work may take once the gateway closes, in milliseconds. @default 5000 */
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
 * The defaults with overrides in their place.
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
