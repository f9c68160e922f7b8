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
  /**
   * The store: the result of `createScriptStore`, or a client with every command (`createRedis`).
   * @example
   * headgate(policy, { ...options, redis: createScriptStore({ url, token }) });
   */
  readonly redis: ScriptStore;
  /**
   * The store that counts limits.
   * @default Redis, by `redis`
   * @example
   * headgate(policy, { ...options, limitStore: new MemoryLimits() });
   */
  readonly limitStore?: LimitStore;
  /**
   * The prefix of every key, such as "shop": one for each environment.
   * @example
   * headgate(policy, { ...options, namespace: "shop" });
   */
  readonly namespace: string;
  /**
   * The result of next.config's `rewrites`, read by {@link readRewrites}: a request that reaches a route by
   * another path is counted by the rules of both paths.
   * @default no rewrites
   * @example
   * headgate(policy, { ...options, rewrites: readRewrites(process.env["SHOP_REWRITES"]) });
   */
  readonly rewrites?: Rewrites;
  /**
   * The secret that keys the client keys, of at least 32 characters; the same on all instances of one store.
   * @example
   * headgate(policy, { ...options, secret: process.env["SHOP_SECRET"] ?? "" });
   */
  readonly secret: string;
  /**
   * Whether the store is a Redis Cluster, where the limits of one request may need several scripts.
   * @default false, until the store reports a cluster
   * @example
   * headgate(policy, { ...options, cluster: true });
   */
  readonly cluster?: boolean;
  /**
   * Origins that may read the responses of checked routes, including denials and rate-limit headers.
   * @default no other origin
   * @example
   * headgate(policy, { ...options, cors: { origins: ["https://shop.example"] } });
   */
  readonly cors?: Cors | undefined;
  /**
   * The bytes after which Next's own server truncates a body without an error, by default
   * {@link NEXT_MAX_BODY}; the gate denies a longer body with 413. A size in next.config
   * (`experimental.proxyClientMaxBodySize`) takes precedence.
   * @default no size: Vercel and Workers truncate no body
   * @example
   * headgate(policy, { ...options, nextMaxBody: 20 * 1024 * 1024 });
   */
  readonly nextMaxBody?: number | undefined;
  /**
   * Whether X-RateLimit-* headers are sent beside the standard ones (true), or in their place ("only").
   * @default false
   * @example
   * headgate(policy, { ...options, legacyHeaders: true });
   */
  readonly legacyHeaders?: LegacyHeaders;
  /**
   * Whether responses include limits that count all clients together (`global`), which show a client how much
   * the others use.
   * @default false
   * @example
   * headgate(policy, { ...options, showGlobalLimits: true });
   */
  readonly showGlobalLimits?: boolean;
  /**
   * The longest that resolving identities may take, in milliseconds; after that the address is counted.
   * @default 500
   * @example
   * headgate(policy, { ...options, identityDeadlineMs: 200 });
   */
  readonly identityDeadlineMs?: number;
  /**
   * Whether `secret` was set, and not derived from the credentials of the store. Only then may entries that are
   * set while the app runs hold client keys.
   * @default true
   * @example
   * headgate(policy, { ...options, secret: token, isSecretSet: false });
   */
  readonly isSecretSet?: boolean | undefined;
  /**
   * The secret before this one. Entries that were set with it stay in effect.
   * @default no previous secret
   * @example
   * headgate(policy, { ...options, previousSecret: process.env["OLD_SECRET"] });
   */
  readonly previousSecret?: string | undefined;
  /**
   * Makes the client keys.
   * @default `createKeyedHash(secret)`
   * @example
   * headgate(policy, { ...options, keyedHash: createKeyedHash(secret) });
   */
  readonly keyedHash?: KeyedHash | undefined;
  /**
   * Applies what is set while the app runs (`headgate/live`).
   * @default such entries have no effect
   * @example
   * headgate(policy, { ...options, live: live({ ...gate, previousHash: undefined }) });
   */
  readonly live?: Live | undefined;
  /**
   * Whether decisions are enforced, only reported ("shadow"), or not made ("off").
   * @default "enforce"
   * @example
   * headgate(policy, { ...options, mode: "shadow" });
   */
  readonly mode?: GateMode | undefined;
  /**
   * Returns the app's own response to a denied request, to which rate-limit headers are added; undefined for
   * Headgate's response.
   * @default Headgate's response
   * @example
   * const onDenied = (_: Request, { reason }: Decision) => Response.json({ reason }, { status: 429 });
   * headgate(policy, { ...options, onDenied });
   */
  readonly onDenied?: (
    request: Request,
    decision: Decision,
  ) => Response | undefined | Promise<Response | undefined>;
  /**
   * Called with every event, after the response.
   * @default no event is made
   * @example
   * headgate(policy, { ...options, onEvent: logEvents(console.info) });
   */
  readonly onEvent?: Listener | undefined;
  /**
   * The clock of the denial cache, optimistic rules, local counting and the breaker, in milliseconds. Tests
   * may give another one.
   * @default the runtime's own clock, which never goes back
   * @example
   * headgate(policy, { ...options, clock: () => performance.now() });
   */
  readonly clock?: Clock | undefined;
  /**
   * The limits that cannot be counted, since a setting is missing: each rule's `onStoreFailure` decides
   * instead, without a store call.
   * @default every limit can be counted
   * @example
   * const error = new HeadgateError("ENV_INVALID", "SHOP_STORE must be set.");
   * headgate(policy, { ...options, uncountable: { error, hasStore: false } });
   */
  readonly uncountable?: Uncountable | undefined;
}
