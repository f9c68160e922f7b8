import type { KeyedHash } from "#lib/core/client";
import type { Clock } from "#lib/core/clock";
import type { Live } from "#lib/control/in-force";
import type { Decision } from "#lib/core/decision";
import type { GateMode } from "#lib/core/mode";
import type { AddressOptions } from "#lib/identity/counted-address";
import type { Uncountable } from "#lib/limit/limiter";
import type { LimitStore } from "#lib/limit/store";
import type { Listener } from "#lib/observe/events";
import type { Rewrites } from "#lib/policy/rewrites";
import type { ScriptStore } from "#lib/redis/script-store";
import type { Cors } from "#lib/respond/cors";
import type { LegacyHeaders } from "#lib/respond/headers";

/** The options of a gate whose app does not read Headgate's variables. */
export interface HeadgateOptions extends AddressOptions {
  /** The store: the result of `createScriptStore`, or a client with every command (`createRedis`). */
  readonly redis: ScriptStore;
  /**
   * The store that counts limits.
   * @default Redis, by `redis`
   */
  readonly limitStore?: LimitStore;
  /** The prefix of every key, such as "shop": one for each environment. */
  readonly namespace: string;
  /**
   * The result of next.config's `rewrites`, read by {@link readRewrites}: a request that reaches a route by
   * another path is counted by the rules of both paths.
   * @default no rewrites
   */
  readonly rewrites?: Rewrites;
  /** The secret that keys the client keys, of at least 32 characters; the same on all instances of one store. */
  readonly secret: string;
  /**
   * Whether the store is a Redis Cluster, where the limits of one request may need several scripts.
   * @default false, until the store reports a cluster
   */
  readonly cluster?: boolean;
  /**
   * Origins that may read the responses of checked routes, including denials and rate-limit headers.
   * @default no other origin
   * @example
   * cors: { origins: ["https://shop.example"] }
   */
  readonly cors?: Cors | undefined;
  /**
   * The bytes after which Next's own server truncates a body without an error, by default
   * {@link NEXT_MAX_BODY}; the gate denies a longer body with 413. A size in next.config
   * (`experimental.proxyClientMaxBodySize`) takes precedence.
   * @default no size: Vercel and Workers truncate no body
   */
  readonly nextMaxBody?: number | undefined;
  /**
   * Whether X-RateLimit-* headers are sent beside the standard ones (true), or in their place ("only").
   * @default false
   */
  readonly legacyHeaders?: LegacyHeaders;
  /**
   * Whether responses include limits that count all clients together (`global`), which show a client how much
   * the others use.
   * @default false
   */
  readonly showGlobalLimits?: boolean;
  /**
   * The longest that resolving identities may take, in milliseconds; after that the address is counted.
   * @default 500
   */
  readonly identityDeadlineMs?: number;
  /**
   * Whether `secret` was set, and not derived from the credentials of the store. Only then may entries that are
   * set while the app runs hold client keys.
   * @default true
   */
  readonly isSecretSet?: boolean | undefined;
  /**
   * The secret before this one. Entries that were set with it stay in effect.
   * @default no previous secret
   */
  readonly previousSecret?: string | undefined;
  /**
   * Makes the client keys.
   * @default `createKeyedHash(secret)`
   */
  readonly keyedHash?: KeyedHash | undefined;
  /**
   * Applies what is set while the app runs (`headgate/live`).
   * @default such entries have no effect
   */
  readonly live?: Live | undefined;
  /**
   * Whether decisions are enforced, only reported ("shadow"), or not made ("off").
   * @default "enforce"
   */
  readonly mode?: GateMode | undefined;
  /**
   * Returns the app's own response to a denied request, to which rate-limit headers are added; undefined for
   * Headgate's response.
   * @default Headgate's response
   * @example
   * onDenied: (request, { reason }) => Response.json({ reason }, { status: 429 })
   */
  readonly onDenied?: (
    request: Request,
    decision: Decision,
  ) => Response | undefined | Promise<Response | undefined>;
  /**
   * Called with every event, after the response.
   * @default no event is made
   */
  readonly onEvent?: Listener | undefined;
  /**
   * The clock of the denial cache, optimistic rules, local counting and the breaker, in milliseconds. Tests
   * may give another one.
   * @default the runtime's own clock, which never goes back
   */
  readonly clock?: Clock | undefined;
  /**
   * The limits that cannot be counted, since a setting is missing: each rule's `onStoreFailure` decides
   * instead, without a store call.
   * @default every limit can be counted
   */
  readonly uncountable?: Uncountable | undefined;
}
