import { BoundedMap } from "#lib/core/bounded-map";
import { type Clock, monotonic } from "#lib/core/clock";
import { type Decision, decided, type LimitStatus } from "#lib/core/decision";
import { type Charge, DECIDING } from "./charge.ts";

/** The longest that a denial is kept, in milliseconds: refunds of other instances take effect by then. */
const LONGEST_MS = 30_000;

/** The most denials that are kept; beyond it those go that were not used for long. */
const MOST_DENIALS = 10_000;

/** One denial, by the limit whose capacity returns last. */
interface Denial {
  readonly charges: readonly Charge[];
  readonly decision: Decision;
  /** No later than its capacity returns: counted from before the store was asked. */
  readonly until: number;
  /** When the answer arrived: what is told from the cache is no shorter than the wait. */
  readonly heardAt: number;
}

/** A moment before the store was asked. */
export interface Asked {
  /** Milliseconds of the monotonic clock. */
  readonly at: number;
  /** How often denials were forgotten before it: an answer from before a refund is not kept. */
  readonly timesForgotten: number;
}

/**
 * Remembers denials until the moment at which their capacity returns, and 30 seconds at most. Requests
 * consume and do not give back, so a denial from the cache is one that the store would have made, except
 * where another instance refunds: that is heard of when the denial ends. Only what is certain is kept: no
 * cost that never has capacity, and nothing that was counted in this process.
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

  /** Returns the denial that the store would answer now, with what is left of its waits. */
  find(charges: readonly Charge[]): Decision | undefined {
    for (const { key } of charges) {
      const denial = this.#denials.get(key);
      if (!denial) continue;
      const now = this.#clock();
      if (now >= denial.until) this.#denials.delete(key);
      else if (isSame(denial.charges, charges)) {
        return later(denial.decision, now - denial.heardAt);
      }
    }
    return undefined;
  }

  /** Returns the moment, to be given to `learn` with the store's answer. */
  asked(): Asked {
    return { at: this.#clock(), timesForgotten: this.#timesForgotten };
  }

  /** Keeps a decision of the store if it is a denial. */
  learn(charges: readonly Charge[], { at, timesForgotten }: Asked, decision: Decision): void {
    const waitMs = decision.retryAfterMs;
    if (decision.allowed || waitMs === undefined) return;
    if (timesForgotten !== this.#timesForgotten) return;
    const last = decision.limits.findIndex((limit) => limit.waitMs === waitMs);
    const deciding = charges.filter(({ group }) => group === DECIDING);
    const key = deciding[last]?.key;
    if (key === undefined) return;
    const until = at + Math.min(waitMs, LONGEST_MS);
    this.#denials.set(key, { charges: deciding, decision, until, heardAt: this.#clock() });
  }

  /** Forgets the denials of limits that were refunded, and what was asked meanwhile. */
  forget(keys: readonly string[]): void {
    this.#timesForgotten += 1;
    for (const key of keys) this.#denials.delete(key);
  }
}

/** Returns true where both requests have the same cost in the same limits, and so the same capacity. */
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

/** A denial as it stands some milliseconds after it was heard, if nothing else was consumed. */
function later({ limits, shadows, at, counted }: Decision, elapsedMs: number): Decision {
  const passed = Math.floor(elapsedMs);
  return decided(
    limits.map((status) => laterStatus(status, passed)),
    { shadows, at: at === undefined ? undefined : at + passed, counted, remembered: true },
  );
}

/** A wait that is over means capacity; how much, the store was not asked. */
function laterStatus(status: LimitStatus, passed: number): LimitStatus {
  const { waitMs, resetMs } = status;
  return {
    ...status,
    waitMs: waitMs === undefined ? undefined : Math.max(0, waitMs - passed),
    resetMs: resetMs === 0 ? 0 : Math.max(1, resetMs - passed),
  };
}
