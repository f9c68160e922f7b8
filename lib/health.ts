/** A health check of the store: a verdict that any client may read, and details for an operator. */
import { type Clock, monotonic } from "#lib/core/clock";
import type { KeyedHash } from "#lib/core/client";
import type { Emit } from "#lib/core/events";
import type { GateMode } from "#lib/core/mode";
import type { LastMinute, StoreWatch } from "#lib/observe/store-watch";
import { NO_DETAILS, readDetails, type StoreDetails } from "#lib/redis/details";
import type { Keys } from "#lib/redis/keys";
import { causeOf, type Probed, probeStore } from "#lib/redis/probe";
import type { StoreErrorCode } from "#lib/redis/replies";
import type { Requester } from "#lib/redis/upstash-protocol";
import type { ScriptStore } from "#lib/redis/script-store";

export { type LastMinute, type StoreWatch, watchStore } from "#lib/observe/store-watch";
export type { NotAvailable, SlowCommand, StoreDetails } from "#lib/redis/details";

/** Above this p95 the store is degraded, in milliseconds. */
const SLOW_MS = 50;

/** The shortest time between two probes of the store by one process, in milliseconds. */
const ASK_EVERY_MS = 1_000;

/** Why the store is degraded: calls of the last minute failed, or their p95 is above 50 ms. */
export type DegradedReason = "failed-calls" | "slow-calls";

/** The health of the store, for any client to read. It names no address and no client. */
export interface StoreHealth {
  /** "down" when the store did not run a script that writes; "degraded" for the `reasons`. */
  readonly status: "ok" | "degraded" | "down";
  /** Why the store is degraded; empty for another status. */
  readonly reasons: readonly DegradedReason[];
  /** Why the store is down; absent for another status. */
  readonly code?: StoreErrorCode;
  /** HEADGATE_MODE: whether decisions are enforced. */
  readonly mode: GateMode;
  /** "open" while this process sends no calls, after too many failed. */
  readonly breaker: "open" | "closed";
  /** Milliseconds of the last check's round trip; absent when the store is down. */
  readonly roundTripMs?: number;
  /** The store calls of this process, including those of health checks. */
  readonly lastMinute: LastMinute;
}

/** The parts of a health check; a gate has all but the watch. */
export interface StoreHealthParts {
  /**
   * Sends the commands that read the details.
   * @example
   * const { requester } = connectTcp({ redisUrl });
   * createStoreHealth({ ...gate, watch: watchStore(), requester });
   */
  readonly requester: Requester;
  /**
   * Runs the script of a check.
   * @example
   * createStoreHealth({ ...gate, watch: watchStore(), redis: createScriptStore({ url, token }) });
   */
  readonly redis: Pick<ScriptStore, "eval">;
  /**
   * The names of keys in the store.
   * @example
   * createStoreHealth({ ...gate, watch: watchStore(), keys: keyNames("shop") });
   */
  readonly keys: Keys;
  /**
   * Hashes the name of the key that a check writes.
   * @example
   * createStoreHealth({ ...gate, watch: watchStore(), keyedHash: createKeyedHash(secret) });
   */
  readonly keyedHash: KeyedHash;
  /**
   * Reports each failed check.
   * @example
   * createStoreHealth({ ...gate, watch: watchStore(), emit: logEvents(console.warn) });
   */
  readonly emit: Emit;
  /**
   * The part of the gate's options that a check reports.
   * @example
   * createStoreHealth({ ...gate, watch: watchStore(), options: { mode: "shadow" } });
   */
  readonly options: {
    /**
     * Whether decisions are enforced, only reported ("shadow"), or not made ("off").
     * @default "enforce"
     * @example
     * createStoreHealth({ ...gate, watch: watchStore(), options: { mode: "shadow" } });
     */
    readonly mode?: GateMode | undefined;
  };
  /**
   * The watch whose listener is in `onEvent` of the same gate.
   * @example
   * const watch = watchStore();
   * createStoreHealth({ ...gate, watch });
   */
  readonly watch: StoreWatch;
}

/** A health check. Its functions need no `this`, take one deadline at most, and do not reject when the store fails. */
export interface StoreHealthCheck {
  /** Probes the store at most once a second, however often it is called; calls in between get the last result. */
  readonly check: () => Promise<StoreHealth>;
  /** Reads memory, evictions, clients, keys and slow commands, for an operator. */
  readonly details: () => Promise<StoreDetails>;
}

/**
 * Makes the health check of a gate's store. `check` runs a script that writes one key, so a store that is out
 * of memory, read-only or over its quota is down too. Each failure is reported as an event `failure` with the
 * name "redis health".
 *
 * @param clock returns milliseconds, and never goes back
 * @example
 * const watch = watchStore();
 * const gate = createHeadgate(policy, () => ({ ...fromEnv(), onEvent: [watch.listener] }));
 * const health = createStoreHealth({ ...gate, watch });
 * const { status } = await health.check();
 */
export function createStoreHealth(
  parts: StoreHealthParts,
  clock: Clock = monotonic,
): StoreHealthCheck {
  let last: Probed | undefined;
  let nextAt = -Infinity;

  async function probe(): Promise<Probed> {
    const { redis, keys, keyedHash, emit } = parts;
    const key = keys.app("health", keyedHash("health", "redis"));
    const probed = await probeStore(redis, key, clock);
    const { error } = probed;
    if (error) emit({ kind: "failure", during: "app", name: "redis health", error });
    return probed;
  }

  return {
    async check() {
      // In workerd a request must not wait for another request's call, so the others get the last result.
      if (last && clock() < nextAt) return verdict(parts, last);
      nextAt = clock() + ASK_EVERY_MS;
      last = await probe();
      return verdict(parts, last);
    },
    details: () => readDetails(parts.requester).catch(() => NO_DETAILS),
  };
}

function verdict(
  { options, watch }: StoreHealthParts,
  { roundTripMs, error }: Probed,
): StoreHealth {
  const lastMinute = watch.lastMinute();
  const reasons = error ? [] : reasonsIn(lastMinute);
  return {
    status: error ? "down" : reasons.length > 0 ? "degraded" : "ok",
    reasons,
    ...(error && { code: causeOf(error) }),
    mode: options.mode ?? "enforce",
    breaker: watch.breaker,
    ...(!error && { roundTripMs: Math.round(roundTripMs * 100) / 100 }),
    lastMinute,
  };
}

function reasonsIn({ failed, notSent, p95Ms = 0 }: LastMinute): DegradedReason[] {
  return [
    ...(failed + notSent > 0 ? (["failed-calls"] as const) : []),
    ...(p95Ms > SLOW_MS ? (["slow-calls"] as const) : []),
  ];
}
