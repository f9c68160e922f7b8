import { type Emit, emitTo, type Listener } from "#lib/core/events";
import { lazily, once } from "#lib/core/lazily";
import { createKeyedHash, type KeyedHash } from "#lib/identity/keyed-hash";
import type { LimitStore } from "#lib/limit/store";
import { MemoryLimits } from "#lib/limit/stores/memory";
import { RedisLimits } from "#lib/limit/stores/redis";
import type { CounterParts } from "#lib/observe/counters";
import { toEach } from "#lib/observe/events";
import { logEvents } from "#lib/observe/log";
import type { AnyPolicy, IdentityName, RuleName } from "#lib/policy/define";
import { readRewrites } from "#lib/policy/rewrites";
import { GATHER_MS, batchCalls } from "#lib/redis/batching";
import { keyNames } from "#lib/redis/keys";
import { type BreakerSettings, createRequester, watched } from "#lib/redis/requester";
import type { Requester } from "#lib/redis/upstash-protocol";
import { scriptStoreOver } from "#lib/redis/script-store";
import type { HeadgateOptions } from "./options.ts";
import { builtRewrites, fromEnv } from "./env.ts";
import { gateOver } from "./gate.ts";
import { limitsOver } from "./limits.ts";
import { type Parts, partsOf } from "./parts.ts";
import type { Gate, GateSettings, StoreParts, Unobserved, WrapOptions } from "./gate-types.ts";
import type { AfterAnswer, Next } from "./responses.ts";
import { runsOn } from "./runs-on.ts";
import { tellOnce } from "./tell-once.ts";

export type { Gate, GateHandle, GateSettings, StoreParts } from "./gate-types.ts";

/**
 * Makes the gate of a policy: the middleware, the limits, and the handle that tools take. No variable is
 * read, no policy compiled and no connection opened before the first request, so a build needs no variable.
 * Development needs none either: without a store, limits are counted in this process. When production has no
 * store, or no setting that says where addresses come from, `check` throws, and each rule's `onStoreFailure`
 * decides about requests.
 *
 * @param settings the result of `fromEnv`, with the settings that no variable can hold; or a function that
 * returns them, called once, at the first request
 * @throws nothing itself. The first request throws a PolicyError with every problem of the policy,
 * or the error that `settings` throws
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
  const serving = once(() => {
    const { notice } = opened();
    if (notice) tellOnce(notice);
    return parts();
  });
  const middleware = once(() => gateOver(serving(), opened().options));
  return {
    middleware: (request, event) => middleware()(request, event),
    wrap: ((own: Next<Request, AfterAnswer>, { matcher }: WrapOptions = {}) => {
      const next = matcher === undefined ? own : runsOn(matcher, own);
      const wrapped = once(() => gateOver(serving(), opened().options, next));
      return (request: Request, event: AfterAnswer) => wrapped()(request, event);
    }) as Gate<P>["wrap"],
    check() {
      const { missing, hasStart } = opened().settings;
      if (missing && hasStart) throw missing;
      parts();
    },
    options: lazily(() => opened().options),
    policy: lazily(() => parts().policy),
    unobserved: lazily(() => opened().unobserved),
    limits: lazily(() => limitsOver<RuleName<P>, IdentityName<P>>(serving(), opened().options)),
    requester: lazily(() => opened().requester),
    redis: lazily(() => opened().options.redis),
    keys: lazily(() => keyNames(opened().options.namespace)),
    keyedHash: (kind, ...names) => opened().keyedHash(kind, ...names),
    secret: () => opened().options.secret,
    emit: (event) => emitOf(opened)(event),
  };
}

/** Opens the connection, and makes the other objects that all parts of a bundle share. */
function open(settings: GateSettings) {
  const { store, batches, clientAddress, corsOrigins, corsExposedHeaders, missing } = settings;
  const hasStore = store.url !== undefined || (!missing && settings.connect !== undefined);
  const countsHere = !hasStore && !missing && settings.mode !== "off";
  const keys = keyNames(settings.namespace);
  const connection = connectionOf(settings, (change) => emit({ kind: "breaker", ...change }));
  const onEvent = listenerFor(settings, hasStore, () => ({
    redis: scriptStoreOver(connection, store.deadlineMs),
    keys,
    batches,
  }));
  const emit = emitTo(onEvent);
  const keyedHash = createKeyedHash(settings.secret);
  const watchedConnection = onEvent
    ? watched(connection, (call) => emit({ kind: "store", ...call }))
    : connection;
  const live = hasStore
    ? settings.live?.({
        requester: watchedConnection,
        keys,
        keyedHash,
        previousHash: previousHashOf(settings),
        ipv6Prefix: settings.ipv6Prefix,
        clock: settings.clock,
      })
    : undefined;
  const requester = requesterOf(
    settings,
    live ? live.reading(watchedConnection) : watchedConnection,
  );
  const redis = scriptStoreOver(requester, store.deadlineMs);
  const on: StoreParts = { requester, redis, keys, isCluster: settings.cluster };
  const own: LimitStore = settings.limitStore?.(on) ?? new RedisLimits(redis, on);
  // The app's own store is used when it has a connection, or needs none.
  const isUsed = own.isInProcess || !countsHere;
  const limitStore = isUsed ? own : new MemoryLimits(settings);
  const options: HeadgateOptions = {
    ...settings,
    onEvent,
    keyedHash,
    live,
    redis,
    limitStore,
    uncountable: missing && { error: missing, hasStore },
    addressSource: clientAddress,
    cors:
      corsOrigins.length > 0
        ? { origins: corsOrigins, exposedHeaders: corsExposedHeaders }
        : undefined,
    identityDeadlineMs: store.deadlineMs,
    rewrites: settings.rewrites ?? readRewrites(builtRewrites()),
  };
  const unobserved = unobservedOf(settings, connection);
  const notice = countsHere ? COUNTED_HERE : missing && missing.message + UNCOUNTED;
  return { options, emit, requester, keyedHash, unobserved, settings, notice };
}

const UNCOUNTED = " Until then, onStoreFailure decides.";

const COUNTED_HERE =
  "no store is named, so limits are counted in this process: set UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN to count for all instances.";

function unobservedOf(settings: GateSettings, requester: Requester): Unobserved {
  const { store, connect, cluster: isCluster, batches } = settings;
  const { url, token } = store;
  const rest = connect || url === undefined ? undefined : { url, token };
  return { requester, rest, isCluster, batches };
}

/** Returns the listener of all events. Counters are written to a store, so without a store they are left out. */
function listenerFor(
  { onEvent = LOG, counters }: GateSettings,
  hasStore: boolean,
  on: () => CounterParts,
): Listener | undefined {
  const listeners = typeof onEvent === "function" ? [onEvent] : [...onEvent];
  if (counters && hasStore) listeners.push(counters(on()));
  return listeners.length > 1 ? toEach(listeners) : listeners[0];
}

const LOG = logEvents((line) => console.warn(line));

/** Returns the gate's `emit`, or one that writes to the log when the settings cannot be read. */
function emitOf(opened: () => { readonly emit: Emit }): Emit {
  try {
    return opened().emit;
  } catch {
    return emitTo(LOG);
  }
}

/** Makes the only connection to the store, with its breaker. Its calls are not reported to listeners yet. */
function connectionOf(
  { store, batches, connect, clock, missing }: GateSettings,
  onBreakerChange: BreakerSettings["onBreakerChange"] & object,
): Requester {
  const about: BreakerSettings = {
    // A call may wait for its batch before it is sent; the deadline includes that wait.
    deadlineMs: batches && !connect ? store.deadlineMs - GATHER_MS : store.deadlineMs,
    onBreakerChange,
    clock,
  };
  // When the store is missing, no secret is derived from it, so nothing may be written to another store.
  const made = missing && !store.url ? undefined : connect?.(about);
  return made ?? createRequester({ url: store.url, token: store.token, ...about });
}

/** Batches the calls of requests that are served at the same time, under our own server. */
function requesterOf({ batches, connect }: GateSettings, requester: Requester): Requester {
  return batches && !connect ? batchCalls(requester) : requester;
}

function previousHashOf({ previousSecret }: GateSettings): KeyedHash | undefined {
  return previousSecret === undefined ? undefined : createKeyedHash(previousSecret);
}
