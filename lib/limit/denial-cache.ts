import { BoundedMap } from "#lib/core/bounded-map";
import { type Clock, monotonic } from "#lib/core/clock";
import { type Decision, decided, type LimitStatus } from "#lib/core/decision";
import { type Charge, DECIDING } from "./charge.ts";

/** The longest that a denial is cached, in milliseconds: refunds of other instances take effect by then. */
const LONGEST_MS = 30_000;

/** The most denials that are cached; beyond it those that were not used for long are dropped. */
const MOST_DENIALS = 10_000;

/** One denial, by the limit whose capacity returns last. */
interface Denial {
  readonly charges: readonly Charge[];
  readonly decision: Decision;
  /** When the entry expires: not after capacity returns, since it is reckoned from before the call. */
  readonly until: number;
  /** When the answer arrived. Waits from the cache are reckoned from it, so that they are not too short. */
  readonly receivedAt: number;
}

/** The moment before a call of the store. */
export interface CallTime {
  /** Milliseconds of the monotonic clock. */
  readonly at: number;
  /** The number of refunds and resets before it: an answer from before a refund is not cached. */
  readonly timesForgotten: number;
}

/**
 * Caches denials until their capacity returns, and for at most 30 seconds. Requests never return capacity, so
 * the store would make the same denial. The exception is a refund by another instance, which takes effect
 * when the cached denial expires. The cache does not keep denials of a cost that exceeds the limit, or of
 * counts in this process.
 */
export class DenialCache {
  readonly #clock: Clock;
  /** By the key of the limit whose capacity returns last. */
  readonly #denials: BoundedMap<string, Denial>;
  #timesForgotten = 0;

  /** @param clock monotonic, in milliseconds */
  constructor(clock: Clock = monotonic, most: number = MOST_DENIALS) {
    this.#clock = clock;
    this.#denials = new BoundedMap(most);
  }

  /** Returns the denial that the store would answer now, with the rest of its waits. */
  find(charges: readonly Charge[]): Decision | undefined {
    for (const { key } of charges) {
      const denial = this.#denials.get(key);
      if (!denial) continue;
      const now = this.#clock();
      if (now >= denial.until) this.#denials.delete(key);
      else if (isSame(denial.charges, charges)) {
        return later(denial.decision, now - denial.receivedAt);
      }
    }
    return undefined;
  }

  /** Returns the moment before a call of the store, for `learn`. */
  callTime(): CallTime {
    return { at: this.#clock(), timesForgotten: this.#timesForgotten };
  }

  /** Caches a decision of the store if it is a denial. */
  learn(charges: readonly Charge[], { at, timesForgotten }: CallTime, decision: Decision): void {
    const waitMs = decision.retryAfterMs;
    if (decision.allowed || waitMs === undefined) return;
    if (timesForgotten !== this.#timesForgotten) return;
    const last = decision.limits.findIndex((limit) => limit.waitMs === waitMs);
    const deciding = charges.filter(({ group }) => group === DECIDING);
    const key = deciding[last]?.key;
    if (key === undefined) return;
    const until = at + Math.min(waitMs, LONGEST_MS);
    this.#denials.set(key, { charges: deciding, decision, until, receivedAt: this.#clock() });
  }

  /** Drops the denials of refunded or reset limits, and the answers to calls that are in flight. */
  forget(keys: readonly string[]): void {
    this.#timesForgotten += 1;
    for (const key of keys) this.#denials.delete(key);
  }
}

/** Returns true when both requests have the same cost in the same limits, so that the denial applies to both. */
function isSame(known: readonly Charge[], charges: readonly Charge[]): boolean {
  const deciding = charges.filter(({ group }) => group === DECIDING);
  return (
    deciding.length === known.length &&
    deciding.every(({ key, cost, limit }, i) => {
      const other = known[i];
      return other?.key === key && other.cost === cost && other.limit.limit === limit.limit;
    })
  );
}

/** Returns a denial as it is `elapsedMs` after its arrival, if nothing else was consumed. */
function later({ limits, shadows, at, counted }: Decision, elapsedMs: number): Decision {
  const passed = Math.floor(elapsedMs);
  return decided(
    limits.map((status) => laterStatus(status, passed)),
    { shadows, at: at === undefined ? undefined : at + passed, counted, remembered: true },
  );
}

/** Shortens the wait of a limit. It leaves `remaining`, which only the store knows. */
function laterStatus(status: LimitStatus, passed: number): LimitStatus {
  const { waitMs, resetMs } = status;
  return {
    ...status,
    waitMs: waitMs === undefined ? undefined : Math.max(0, waitMs - passed),
    resetMs: resetMs === 0 ? 0 : Math.max(1, resetMs - passed),
  };
}
