/** What a gate is made of, and what it is: types alone. */
import type { Live, LiveParts } from "#lib/control/in-force";
import type { Listener } from "#lib/core/events";
import type { ToolParts } from "#lib/core/tool-parts";
import type { LimitStore } from "#lib/limit/store";
import type { CounterParts } from "#lib/observe/counters";
import type { AnyPolicy, IdentityName, RuleName } from "#lib/policy/define";
import type { CompiledPolicy } from "#lib/policy/types";
import type { Keys } from "#lib/redis/keys";
import type { BreakerSettings, Requester } from "#lib/redis/requester";
import type { ScriptStore } from "#lib/redis/script-store";
import type { HeadgateOptions } from "./options.ts";
import type { HeadgateEnvironment } from "./env.ts";
import type { Limits } from "./limits.ts";
import type { AfterAnswer, Next } from "./responses.ts";
import type { MatcherEntry } from "./runs-on.ts";

/** What a gate works with: the environment as `fromEnv` reads it, and what no variable can say. */
export interface GateSettings
  extends
    HeadgateEnvironment,
    Pick<HeadgateOptions, "clock" | "onDenied" | "rewrites" | "showGlobalLimits"> {
  /**
   * Called with every event (docs/reference/events.md), after the response; a list has each of its
   * listeners called, and with an empty list no event is made.
   * @default a line of JSON on standard error for each that is worth reading later (`logEvents`)
   */
  readonly onEvent?: Listener | readonly Listener[];
  /**
   * Makes the store of the limits, on the connection of this gate. In development without a store, limits
   * are counted in this process in its place.
   * @default in Redis by scripts (`RedisLimits`)
   */
  readonly limitStore?: (on: StoreParts) => LimitStore;
  /**
   * Counts events in Redis: what `countEvents` of `headgate/metrics` returns.
   * @default nothing is counted
   */
  readonly counters?: (on: CounterParts) => Listener;
  /**
   * Follows what is set while the app runs, such as blocks and raised limits: `live` of `headgate/live`.
   * @default nothing is followed: what is set with `headgate block` or `createControl` has no effect
   * @example
   * const gate = createHeadgate(policy, () => ({ ...fromEnv(), live }));
   */
  readonly live?: (on: LiveParts) => Live;
  /**
   * Makes another way to the store than REST; it is given the deadline, and whom to tell of the breaker.
   * @default REST, by `store.url` and `store.token`
   * @example
   * const connect = (about: BreakerSettings) => connectTcp({ redisUrl, ...about }).requester;
   */
  readonly connect?: (about: BreakerSettings) => Requester;
}

/** What a store of limits is made on: the connection of the gate. */
export interface StoreParts {
  /** Sends each call of this bundle. */
  readonly requester: Requester;
  /** Runs scripts by it. */
  readonly redis: ScriptStore;
  /** Names the keys. */
  readonly keys: Keys;
  /** True where the store is known to be a Redis Cluster. */
  readonly isCluster: boolean;
}

/** What the tools of handlers stand on: `createLocks(gate)`, `createDedup(gate)`, `redisOf(gate)`. */
export interface GateHandle extends ToolParts {
  /** Sends each call of this bundle: one connection, one breaker, one queue of calls that go together. */
  readonly requester: Requester;
  /** Runs scripts by it. */
  readonly redis: ScriptStore;
  /** Names the keys. */
  readonly keys: Keys;
}

/** The store of a gate for what only watches it: of these calls no listener is told, and nothing counts them. */
export interface Unobserved {
  /** Sends calls by the gate's connection, with its deadline and its breaker. */
  readonly requester: Requester;
  /** Where the store is reached by REST; undefined where another way was made (`connect`) or no store is named. */
  readonly rest: { readonly url: string; readonly token: string } | undefined;
  /** True where the store is known to be a Redis Cluster. */
  readonly isCluster: boolean;
  /** True under our own server, which lives long and ends event streams when it stops. */
  readonly joins: boolean;
}

/** Where an app's own middleware runs behind the gate. */
export interface WrapOptions {
  /**
   * The paths that the app's own middleware sees, in the form of Next's `config.matcher`.
   * @default all
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
   * Returns the middleware with the app's own behind it: it is called for allowed requests, and its
   * cookies, headers, rewrites and redirects are kept.
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
     * Takes any other type of middleware: that of Auth.js is for handlers too, and that of Kinde may be a
     * promise by its type, though `withAuth` over a function returns a function.
     */
    (
      own: ((...given: never) => unknown) | Promise<unknown>,
      options?: WrapOptions,
    ): (request: Request, event: AfterAnswer) => Promise<Response>;
  };
  /**
   * Throws what keeps a server from its start: a PolicyError, an error of the settings, or what is
   * missing in them (`fromEnv().missing`), but for Vercel and Workers, which have no start. It calls no
   * store.
   */
  readonly check: () => void;
  /** What the gate works with, for `createVisitorHeaders(gate.options)`; read when first used. */
  readonly options: HeadgateOptions;
  /** The policy after its check. */
  readonly policy: CompiledPolicy;
  /** The store, for a dashboard. */
  readonly unobserved: Unobserved;
  /** The same limits for handlers and Server Actions. */
  readonly limits: Limits<RuleName<P>, IdentityName<P>>;
}
