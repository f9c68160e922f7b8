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

/** What the gate needs from the app around it. */
export interface HeadgateOptions extends AddressOptions {
  /** What `createScriptStore` makes, or a client with every command (`createRedis`). */
  readonly redis: ScriptStore;
  /**
   * Where limits are counted.
   * @default in Redis, by `redis`
   */
  readonly limitStore?: LimitStore;
  /** What keys begin with: one for each environment. */
  readonly namespace: string;
  /**
   * What next.config's `rewrites` returns ({@link readRewrites}): a request that comes to a route by
   * another name is counted by the rules of both.
   * @default none
   */
  readonly rewrites?: Rewrites;
  /** Keys the hashes that stand for clients; the same on all instances of one store. */
  readonly secret: string;
  /**
   * Whether the store is a Redis Cluster, where a request of several clients is several scripts.
   * @default false, until the store says so
   */
  readonly cluster?: boolean;
  /**
   * Origins that may read the responses of checked routes: denials and rate-limit headers included.
   * @default none
   */
  readonly cors?: Cors | undefined;
  /**
   * Where Next's own server runs the middleware: the largest body, in bytes, that it hands on to a handler
   * by default, {@link NEXT_CUTS_AT}. It cuts a longer one in silence, so the gate answers 413. What
   * next.config says (`experimental.proxyClientMaxBodySize`) holds in its place.
   * @default none: Vercel and Workers cut no body
   */
  readonly cutAt?: number | undefined;
  /**
   * Whether X-RateLimit-* headers are sent beside the standard ones, or "only" they.
   * @default false
   */
  readonly legacyHeaders?: LegacyHeaders;
  /**
   * Whether responses tell how the limits stand that count all clients together (`global`): they show a
   * client what others do.
   * @default false
   */
  readonly showGlobalLimits?: boolean;
  /**
   * The longest that identities may take, in milliseconds; then the address is counted.
   * @default 500
   */
  readonly identityDeadlineMs?: number;
  /**
   * Whether `secret` was set, and not derived from the credentials of the store: only then may entries that are
   * set while the app runs hold client keys.
   * @default true
   */
  readonly isSecretSet?: boolean | undefined;
  /**
   * The secret before this one: entries that were set with it hold on.
   * @default none
   */
  readonly previousSecret?: string | undefined;
  /**
   * Makes the client keys.
   * @default made of `secret`
   */
  readonly keyedHash?: KeyedHash | undefined;
  /**
   * Follows what is set while the app runs (`headgate/live`).
   * @default nothing is followed
   */
  readonly live?: Live | undefined;
  /**
   * What becomes of all decisions: HEADGATE_MODE.
   * @default "enforce"
   */
  readonly mode?: GateMode | undefined;
  /**
   * Returns the response to a denied request; undefined leaves it to Headgate. Rate-limit headers are added
   * to it.
   */
  readonly onDenied?: (
    request: Request,
    decision: Decision,
  ) => Response | undefined | Promise<Response | undefined>;
  /**
   * Called with every event, after the response.
   * @default none: no event is made
   */
  readonly onEvent?: Listener | undefined;
  /**
   * What the denial cache, optimistic rules, local counting and the breaker go by, in milliseconds: another
   * clock than the runtime's is for tests.
   * @default the runtime's own, which never goes back
   */
  readonly clock?: Clock | undefined;
  /**
   * What cannot be counted since settings are missing: there each rule's `onStoreFailure` decides, and no
   * store is asked.
   * @default nothing: everything is counted
   */
  readonly uncountable?: Uncountable | undefined;
}
