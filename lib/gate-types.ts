/** The types of a gate and of its settings. */
import type { Live, LiveParts } from "#lib/control/in-force";
import type { Listener } from "#lib/core/events";
import type { ToolParts } from "#lib/core/tool-parts";
import type { LimitStore } from "#lib/limit/store";
import type { CounterParts } from "#lib/observe/counters";
import type { AnyPolicy, IdentityName, RuleName } from "#lib/policy/define";
import type { CompiledPolicy } from "#lib/policy/types";
import type { Keys } from "#lib/redis/keys";
import type { BreakerSettings } from "#lib/redis/requester";
import type { Requester } from "#lib/redis/upstash-protocol";
import type { ScriptStore } from "#lib/redis/script-store";
import type { HeadgateOptions } from "./options.ts";
import type { HeadgateEnvironment } from "./environment.ts";
import type { Limits } from "./limits.ts";
import type { AfterAnswer, Next } from "./responses.ts";
import type { MatcherEntry } from "./runs-on.ts";

/** The settings of a gate: the environment as `fromEnv` reads it, and settings that no variable can hold. */
export interface GateSettings
  extends
    HeadgateEnvironment,
    Pick<HeadgateOptions, "clock" | "onDenied" | "rewrites" | "showGlobalLimits"> {
  /**
   * Called with every event (docs/reference/events.md), after the response. Each listener of a list is
   * called; with an empty list no event is made.
   * @default a line of JSON on standard error for each event that an operator may need (`logEvents`)
   * @example
   * createHeadgate(policy, () => ({ ...fromEnv(), onEvent: logEvents(console.info) }));
   */
  readonly onEvent?: Listener | readonly Listener[];
  /**
   * Makes the store that counts the limits, on the connection of this gate. In development without a store,
   * limits are counted in this process instead.
   * @default Redis, by scripts (`RedisLimits`)
   * @example
   * createHeadgate(policy, () => ({ ...fromEnv(), limitStore: memoryLimits() }));
   */
  readonly limitStore?: (on: StoreParts) => LimitStore;
  /**
   * Counts events in Redis: the result of `countEvents` of `headgate/metrics`.
   * @default no event is counted
   * @example
   * createHeadgate(policy, () => ({ ...fromEnv(), counters: countEvents() }));
   */
  readonly counters?: (on: CounterParts) => Listener;
  /**
   * Applies what is set while the app runs, such as blocks and raised limits: `live` of `headgate/live`.
   * @default entries that `headgate block` or `createControl` sets have no effect
   * @example
   * createHeadgate(policy, () => ({ ...fromEnv(), live }));
   */
  readonly live?: (on: LiveParts) => Live;
  /**
   * Makes a connection to the store other than REST. It is called with the deadline in milliseconds, and the
   * listener of the breaker.
   * @default REST, by `store.url` and `store.token`
   * @example
   * const connect = (about: BreakerSettings) => connectTcp({ redisUrl, ...about }).requester;
   * createHeadgate(policy, () => ({ ...fromEnv(), connect }));
   */
  readonly connect?: (about: BreakerSettings) => Requester;
}

/** The gate's connection, on which a store of limits is made. */
export interface StoreParts {
  /** Sends each call of this bundle. */
  readonly requester: Requester;
  /** Runs scripts by `requester`. */
  readonly redis: ScriptStore;
  /** Names the keys. */
  readonly keys: Keys;
  /** True where the store is known to be a Redis Cluster. */
  readonly isCluster: boolean;
}

/** The part of a gate that the tools of handlers use: `createLocks(gate)`, `createDedup(gate)`, `redisOf(gate)`. */
export interface GateHandle extends ToolParts {
  /** Sends each call of this bundle: one connection, one breaker, one queue for batches. */
  readonly requester: Requester;
  /** Runs scripts by `requester`. */
  readonly redis: ScriptStore;
  /** Names the keys. */
  readonly keys: Keys;
}

/** The store of a gate for observers such as the dashboard. Its calls are neither reported to listeners nor counted. */
export interface Unobserved {
  /** Sends calls on the gate's connection, with its deadline and its breaker. */
  readonly requester: Requester;
  /** The store's REST address; undefined when the gate uses `connect`, or when no store is named. */
  readonly rest: { readonly url: string; readonly token: string } | undefined;
  /** True where the store is known to be a Redis Cluster. */
  readonly isCluster: boolean;
  /** True under our own server, which runs for long and ends event streams when it stops. */
  readonly batches: boolean;
}

/** Options of `gate.wrap`. */
export interface WrapOptions {
  /**
   * The paths on which the app's own middleware runs, in the form of Next's `config.matcher`.
   * @default all paths
   * @example
   * gate.wrap(middleware, { matcher: ["/account/:path*", "/((?!api|_next).*)"] });
   */
  readonly matcher?: MatcherEntry | readonly MatcherEntry[];
}

/** The gate of a policy. Its functions need no `this`. */
export interface Gate<P extends AnyPolicy> extends GateHandle {
  /**
   * The middleware: `export default gate.middleware` in middleware.ts or proxy.ts. Next reads that
   * export from the source, so it must not be destructured there.
   */
  readonly middleware: (request: Request, event: AfterAnswer) => Promise<Response>;
  /**
   * Returns the middleware with the app's own behind it. The app's own is called for allowed requests, and
   * its cookies, headers, rewrites and redirects are kept.
   *
   * @example
   * export default gate.wrap(createMiddleware(routing), { matcher: "/((?!api|_next|.*\\..*).*)" });
   */
  readonly wrap: {
    <R extends Request = Request, E extends AfterAnswer = AfterAnswer>(
      own: Next<R, E>,
      options?: WrapOptions,
    ): (request: R, event: E) => Promise<Response>;
    /**
     * Accepts middleware of any other type: that of Auth.js is for handlers too, and the type of Kinde's may
     * be a promise, though its `withAuth` returns a function for a function.
     */
    (
      own: ((...given: never) => unknown) | Promise<unknown>,
      options?: WrapOptions,
    ): (request: Request, event: AfterAnswer) => Promise<Response>;
  };
  /**
   * Throws the error that must end a server's start: a PolicyError, an error of the settings, or the error
   * for a missing setting (`fromEnv().missing`; not on Vercel and Workers, which have no start). It makes no
   * store call.
   */
  readonly check: () => void;
  /** The gate's options, for `createVisitorHeaders(gate.options)`; read at their first use. */
  readonly options: HeadgateOptions;
  /** The policy after its check. */
  readonly policy: CompiledPolicy;
  /** The store, for a dashboard. */
  readonly unobserved: Unobserved;
  /** The same limits for handlers and Server Actions. */
  readonly limits: Limits<RuleName<P>, IdentityName<P>>;
}
