import { type Emit, emitTo, type Listener } from "#lib/core/events";
import { lazily, once } from "#lib/core/lazily";
import type { ToolParts } from "#lib/core/tool-parts";
import { createTogether } from "#lib/core/together";
import { createKeyedHash } from "#lib/identity/keyed-hash";
import type { LimitStore } from "#lib/limit/store";
import { RedisLimits } from "#lib/limit/stores/redis";
import type { CounterParts } from "#lib/observe/counters";
import { toEach } from "#lib/observe/events";
import { logEvents } from "#lib/observe/log";
import type { AnyPolicy, IdentityName, RuleName } from "#lib/policy/define";
import type { CompiledPolicy } from "#lib/policy/types";
import { readRewrites } from "#lib/policy/rewrites";
import { GATHER_MS, joinCalls } from "#lib/redis/joining";
import { type Keys, keyNames } from "#lib/redis/keys";
import {
  type BreakerSettings,
  createRequester,
  type Requester,
  watched,
} from "#lib/redis/requester";
import { type ScriptStore, scriptStoreOver } from "#lib/redis/script-store";
import type { HeadgateOptions } from "./options.ts";
import { builtRewrites, fromEnv, type HeadgateEnvironment } from "./env.ts";
import { gateOver } from "./gate.ts";
import { limitsOver, type Limits } from "./limits.ts";
import { type Parts, partsOf } from "./parts.ts";
import type { AfterAnswer, Next } from "./responses.ts";
import { type MatcherEntry, runsOn } from "./runs-on.ts";

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
   * Makes the store of the limits, on the connection of this gate.
   * @default in Redis by scripts (`RedisLimits`)
   */
  readonly limitStore?: (on: StoreParts) => LimitStore;
  /**
   * Counts events in Redis: what `countEvents` of `headgate/metrics` returns.
   * @default nothing is counted
   */
  readonly counters?: (on: CounterParts) => Listener;
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
  readonly wrap: <R extends Request = Request, E extends AfterAnswer = AfterAnswer>(
    own: Next<R, E>,
    options?: {
      /**
       * The paths that the app's own middleware sees, in the form of Next's `config.matcher`.
       * @default all
       */
      readonly matcher?: MatcherEntry | readonly MatcherEntry[];
    },
  ) => (request: R, event: E) => Promise<Response>;
  /**
   * Throws what the first request would throw, for a check at start: a PolicyError, or an error of the
   * settings. It calls no store.
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

/**
 * Makes the gate of a policy: the middleware, the limits, and the handle that tools take. Nothing is
 * read, compiled or opened before the first request, so a build needs no variable.
 *
 * @param settings what `fromEnv` returns, with more where no variable can say it; or a function that
 * returns it, called once, at the first request
 * @throws nothing by itself. The first request throws a PolicyError with every problem of the policy,
 * or what `settings` throws
 * @example
 * export const gate = createHeadgate(policy);
 * @example
 * export const gate = createHeadgate(policy, () => ({ ...fromEnv(), onEvent: logEvents(console.info) }));
 */
export function createHeadgate<P extends AnyPolicy>(
  policy: P,
  settings: GateSettings | (() => GateSettings) = fromEnv,
): Gate<P> {
  const opened = once(() => open(typeof settings === "function" ? settings() : settings));
  const parts = once((): Parts => partsOf(policy, opened().options));
  const middleware = once(() => gateOver(parts(), opened().options));
  const keyedHash = once(() => createKeyedHash(opened().options.secret));
  return {
    middleware: (request, event) => middleware()(request, event),
    wrap(own, { matcher } = {}) {
      const next = matcher === undefined ? own : runsOn(matcher, own);
      const wrapped = once(() => gateOver(parts(), opened().options, next));
      return (request, event) => wrapped()(request, event);
    },
    check: () => void middleware(),
    options: lazily(() => opened().options),
    policy: lazily(() => parts().policy),
    unobserved: lazily(() => opened().unobserved),
    limits: lazily(() => limitsOver<RuleName<P>, IdentityName<P>>(parts(), opened().options)),
    requester: lazily(() => opened().requester),
    redis: lazily(() => opened().options.redis),
    keys: lazily(() => keyNames(opened().options.namespace)),
    keyedHash: (kind, ...names) => keyedHash()(kind, ...names),
    secret: () => opened().options.secret,
    emit: (event) => emitOf(opened)(event),
  };
}

/** Makes what all parts of a bundle share. */
function open(settings: GateSettings) {
  const { store, joins, clientAddress, corsOrigins, corsExposedHeaders } = settings;
  const keys = keyNames(settings.namespace);
  const connection = connectionOf(settings, (change) => emit({ kind: "breaker", ...change }));
  const onEvent = listenerFor(settings, () => ({
    redis: scriptStoreOver(connection, store.deadlineMs),
    keys,
    joins,
  }));
  const emit = emitTo(onEvent);
  const requester = requesterOf(settings, connection, onEvent && emit);
  const redis = scriptStoreOver(requester, store.deadlineMs);
  const on: StoreParts = { requester, redis, keys, isCluster: settings.cluster };
  const limitStore = settings.limitStore?.(on) ?? new RedisLimits(redis, on);
  const options: HeadgateOptions = {
    ...settings,
    onEvent,
    redis,
    limitStore,
    addressSource: clientAddress,
    cors:
      corsOrigins.length > 0
        ? { origins: corsOrigins, exposedHeaders: corsExposedHeaders }
        : undefined,
    identityDeadlineMs: store.deadlineMs,
    rewrites: settings.rewrites ?? readRewrites(builtRewrites()),
    together: joins ? createTogether() : undefined,
  };
  return { options, emit, requester, unobserved: unobservedOf(settings, connection) };
}

function unobservedOf(settings: GateSettings, requester: Requester): Unobserved {
  const { store, connect, cluster: isCluster, joins } = settings;
  const { url, token } = store;
  const rest = connect || url === undefined ? undefined : { url, token };
  return { requester, rest, isCluster, joins };
}

function listenerFor(
  { onEvent = LOG, counters }: GateSettings,
  on: () => CounterParts,
): Listener | undefined {
  const listeners = typeof onEvent === "function" ? [onEvent] : [...onEvent];
  if (counters) listeners.push(counters(on()));
  return listeners.length > 1 ? toEach(listeners) : listeners[0];
}

const LOG = logEvents((line) => console.warn(line));

/** Returns what tells the log when the settings cannot be read: a failure must be told then, too. */
function emitOf(opened: () => { readonly emit: Emit }): Emit {
  try {
    return opened().emit;
  } catch {
    return emitTo(LOG);
  }
}

/** Makes the one way to the store, with its breaker. Of its calls no listener is told yet. */
function connectionOf(
  { store, joins, connect, clock }: GateSettings,
  onBreakerChange: BreakerSettings["onBreakerChange"] & object,
): Requester {
  const about: BreakerSettings = {
    // A call may wait for others before it is sent; the deadline includes that wait.
    deadlineMs: joins && !connect ? store.deadlineMs - GATHER_MS : store.deadlineMs,
    onBreakerChange,
    clock,
  };
  return connect?.(about) ?? createRequester({ url: store.url, token: store.token, ...about });
}

function requesterOf(
  { joins, connect }: GateSettings,
  connection: Requester,
  emit: Emit | undefined,
): Requester {
  const told = emit ? watched(connection, (call) => emit({ kind: "store", ...call })) : connection;
  return joins && !connect ? joinCalls(told) : told;
}
