/** An app's health check of its store: a verdict that any client may read, and details for an operator. */
import { type Clock, monotonic } from "#lib/core/clock";
import type { KeyedHash } from "#lib/core/client";
import type { Emit } from "#lib/core/events";
import type { GateMode } from "#lib/core/mode";
import type { LastMinute, StoreWatch } from "#lib/observe/store-watch";
import { NO_DETAILS, readDetails, type StoreDetails } from "#lib/redis/details";
import type { Keys } from "#lib/redis/keys";
import { causeOf, type Probed, probeStore } from "#lib/redis/probe";
import type { StoreErrorCode } from "#lib/redis/replies";
import type { Requester } from "#lib/redis/requester";
import type { ScriptStore } from "#lib/redis/script-store";

export { type LastMinute, type StoreWatch, watchStore } from "#lib/observe/store-watch";
export type { NotAvailable, SlowCommand, StoreDetails } from "#lib/redis/details";

/** Above this p95 the store is degraded, in milliseconds. */
const SLOW_MS = 50;

/** A process asks its store no more often than this for any number of checks, in milliseconds. */
const ASK_EVERY_MS = 1_000;

/** Why the store is degraded: calls of the last minute failed, or their p95 is above 50 ms. */
export type DegradedReason = "failed-calls" | "slow-calls";

/** What any client may know of the store. It names no address and no client. */
export interface StoreHealth {
  /** "down" where the store did not run a script that writes; "degraded" for the reasons given. */
  readonly status: "ok" | "degraded" | "down";
  /** Why it is degraded; empty for the others. */
  readonly reasons: readonly DegradedReason[];
  /** Why it is down; absent for the others. */
  readonly code?: StoreErrorCode;
  /** HEADGATE_MODE: what becomes of decisions. */
  readonly mode: GateMode;
  /** "open" after so many calls failed that this process sends none. */
  readonly breaker: "open" | "closed";
  /** Milliseconds of the last round trip of a check; absent where the store is down. */
  readonly roundTripMs?: number;
  /** The store calls of this process, those of checks among them. */
  readonly lastMinute: LastMinute;
}

/** What a health check works with; a gate has all but the watch. */
export interface StoreHealthParts {
  readonly requester: Requester;
  readonly redis: Pick<ScriptStore, "eval">;
  readonly keys: Keys;
  readonly keyedHash: KeyedHash;
  readonly emit: Emit;
  readonly options: { readonly mode?: GateMode | undefined };
  /** The watch whose listener is in `onEvent` of the same gate. */
  readonly watch: StoreWatch;
}

/** Checks the store. Its functions need no `this`, take one deadline at most, and do not reject when the store fails. */
export interface StoreHealthCheck {
  /** Asks the store at most once a second, however often it is called: the calls between get what it said last. */
  readonly check: () => Promise<StoreHealth>;
  /** Reads memory, evictions, clients, keys and slow commands, for people who may know them. */
  readonly details: () => Promise<StoreDetails>;
}

/**
 * Makes the health check of a gate's store. `check` has the store run a script that writes one key, so a
 * store that is out of memory, read-only or over its quota is down too. What failed is told as an event
 * `failure` with the name "redis health".
 *
 * @param clock milliseconds that never go back
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
      // In workerd no request may wait for the call of another: the others get what was said last.
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
