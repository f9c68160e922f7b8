import { type Clock, monotonic } from "#lib/core/clock";
import type { LimitStatus } from "#lib/core/decision";
import { type Charge, type Charged, statusOf } from "./charge.ts";

/** How long a count is used, in milliseconds: then the store is called again. */
const KNOWN_MS = 10_000;

/** The most counts that are kept; beyond it the least recently used count is dropped. */
const MOST_COUNTS = 10_000;

/** The last known count of one key. */
interface LastCount {
  /** The state of the limit in the store's last answer. */
  status: LimitStatus;
  /** When the store answered: milliseconds since 1970 on its clock. */
  at: number;
  /** When the answer arrived: milliseconds of the monotonic clock. */
  receivedAt: number;
  /** True when the answer to a report was lost since: it is not known whether the store counted it. */
  isLost: boolean;
  /** Units that were allowed here and whose report the store has not answered yet. */
  inFlight: number;
}

/** A request that was allowed without waiting for the store. */
export interface Admission {
  /** The state of the limits with this request, estimated from the last counts. */
  readonly limits: readonly LimitStatus[];
  /** Milliseconds since 1970 on Redis's clock, estimated from the last answer. */
  readonly at: number;
  /** The charges to report. */
  readonly charges: readonly Charge[];
}

/**
 * Returns the margin of a limit: a tenth of it, rounded up. It is the capacity that is never consumed
 * optimistically, and the most units that one instance has in flight.
 */
export function marginOf(limit: number): number {
  return Math.ceil(limit / 10);
}

/**
 * Keeps the last known counts, for optimistic rules. An instance allows a request from them while the last
 * answer leaves at least the margin, and while it has at most the margin in flight. So all instances together
 * exceed the limit by at most instances × min(margin, units in flight at one instance)
 * (docs/concepts/optimistic.md).
 */
export class LastCounts {
  readonly #clock: Clock;
  readonly #most: number;
  // In the order of the last use.
  readonly #counts = new Map<string, LastCount>();

  /** @param clock monotonic, in milliseconds */
  constructor(clock: Clock = monotonic, most: number = MOST_COUNTS) {
    this.#clock = clock;
    this.#most = most;
  }

  /** Allows charges that leave the margin of every limit; returns undefined when the store must be called. */
  admit(charges: readonly Charge[]): Admission | undefined {
    const now = this.#clock();
    const known: (readonly [Charge, LastCount])[] = [];
    for (const charge of charges) {
      const count = this.#counts.get(charge.key);
      if (!count || now - count.receivedAt > KNOWN_MS) return undefined;
      // The limit may have changed since.
      if (count.status.limit !== charge.limit.limit) return undefined;
      if (!hasCapacity(count, charge)) return undefined;
      known.push([charge, count]);
    }
    const [first] = known;
    if (!first) return undefined;
    for (const [{ key, cost }, count] of known) {
      count.inFlight += cost;
      this.#keep(key, count);
    }
    return {
      limits: known.map(([charge, count]) => statusNow(charge, count, now)),
      at: Math.floor(first[1].at + now - first[1].receivedAt),
      charges,
    };
  }

  /** Returns the moment before a call of the store, for `learn` and `reported`. */
  callTime(): number {
    return this.#clock();
  }

  /** Keeps the store's answer to a call that was sent at `calledAt`. */
  learn(calledAt: number, charged: readonly Charged[]): void {
    for (const each of charged) this.#learnOne(calledAt, each);
  }

  /** Ends a report that was sent at `calledAt`; `charged` is undefined when the answer was lost. */
  reported({ charges }: Admission, calledAt: number, charged?: readonly Charged[]): void {
    for (const { key, cost } of charges) {
      const count = this.#counts.get(key);
      if (!count) continue;
      count.inFlight -= cost;
      count.isLost ||= !charged;
    }
    if (charged) this.learn(calledAt, charged);
  }

  #learnOne(calledAt: number, { charge: { key }, status, at }: Charged): void {
    const known = this.#counts.get(key);
    const receivedAt = this.#clock();
    if (!known) return this.#keep(key, { status, at, receivedAt, isLost: false, inFlight: 0 });
    // Store replies may arrive out of order. The reply with the later time is kept; at equal times, the one
    // with less capacity. A reply to a call that was sent after the known reply arrived is newer even if its
    // time is earlier, since the store's clock may have stepped back.
    const isNewer = at > known.at || (at === known.at && status.remaining < known.status.remaining);
    if (isNewer || calledAt >= known.receivedAt) {
      Object.assign(known, { status, at, receivedAt, isLost: false });
    }
  }

  /** Counts with units in flight are never dropped: while all have some, no other count is kept. */
  #keep(key: string, count: LastCount): void {
    this.#counts.delete(key);
    for (const [oldest, { inFlight }] of this.#counts) {
      if (this.#counts.size < this.#most) break;
      if (inFlight > 0) return;
      this.#counts.delete(oldest);
    }
    this.#counts.set(key, count);
  }
}

function hasCapacity({ status, isLost, inFlight }: LastCount, { limit, cost }: Charge): boolean {
  if (isLost || status.limit !== limit.limit) return false;
  const margin = marginOf(limit.limit);
  return inFlight + cost <= margin && status.remaining - inFlight - cost >= margin;
}

function statusNow(charge: Charge, { status, inFlight, receivedAt }: LastCount, now: number) {
  const elapsed = Math.floor(now - receivedAt);
  const resetMs = status.resetMs === 0 ? status.windowMs : Math.max(1, status.resetMs - elapsed);
  return statusOf(charge.limit, status.remaining - inFlight, 0, resetMs);
}
