import { type Clock, monotonic } from "#lib/core/clock";
import type { LimitStatus } from "#lib/core/decision";
import { type Charge, type Charged, statusOf } from "./charge.ts";

/** How long a count is relied on, in milliseconds: then the store is asked again. */
const KNOWN_MS = 10_000;

/** The most counts that are kept; beyond it the one that was used longest ago is forgotten. */
const MOST_COUNTS = 10_000;

/** What is known of one key. */
interface LastCount {
  /** How the limit stood when the store answered last. */
  status: LimitStatus;
  /** When the store answered: milliseconds since 1970 on its clock. */
  at: number;
  /** When the answer arrived: milliseconds of the monotonic clock. */
  heardAt: number;
  /** True where a report was lost since: how much of it was counted is not known. */
  isLost: boolean;
  /** Units that were allowed here, and for which the store has not answered yet. */
  inFlight: number;
}

/** A request that was allowed before the store was asked. */
export interface Admission {
  /** How the limits stand with it, as far as is known. */
  readonly limits: readonly LimitStatus[];
  /** Milliseconds since 1970 on Redis's clock, as far as is known. */
  readonly at: number;
  /** What is to be reported. */
  readonly charges: readonly Charge[];
}

/**
 * Returns the units of a limit that are never allowed optimistically, and the most that one instance has
 * in flight: a tenth of the limit, rounded up.
 */
export function marginOf(limit: number): number {
  return Math.ceil(limit / 10);
}

/**
 * Remembers the last known counts, for rules that allow a request before the store is asked. An instance
 * does so while the last answer leaves more capacity than the margin, and with no more units in flight
 * than the margin: so all instances together allow at most instances × min(margin, units in flight at
 * one instance) more than the limit (docs/algorithms.md#optimistic).
 */
export class LastCounts {
  readonly #clock: Clock;
  readonly #most: number;
  // In the order of their last use.
  readonly #counts = new Map<string, LastCount>();

  /** @param clock monotonic, in milliseconds */
  constructor(clock: Clock = monotonic, most: number = MOST_COUNTS) {
    this.#clock = clock;
    this.#most = most;
  }

  /** Allows what has capacity beyond the margin of every limit; undefined where the store is to be asked. */
  admit(charges: readonly Charge[]): Admission | undefined {
    const now = this.#clock();
    const known: (readonly [Charge, LastCount])[] = [];
    for (const charge of charges) {
      const count = this.#counts.get(charge.key);
      if (!count || now - count.heardAt > KNOWN_MS) return undefined;
      // Another limit may hold since.
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
      at: Math.floor(first[1].at + now - first[1].heardAt),
      charges,
    };
  }

  /** Returns the moment before the store is asked, to be given to `learn` and `reported`. */
  asked(): number {
    return this.#clock();
  }

  /** Keeps what the store answered to a call that was sent at `asked`. */
  learn(asked: number, charged: readonly Charged[]): void {
    for (const each of charged) this.#learnOne(asked, each);
  }

  /** Ends a report that was sent at `asked`; without an answer where it was lost. */
  reported({ charges }: Admission, asked: number, charged?: readonly Charged[]): void {
    for (const { key, cost } of charges) {
      const count = this.#counts.get(key);
      if (!count) continue;
      count.inFlight -= cost;
      count.isLost ||= !charged;
    }
    if (charged) this.learn(asked, charged);
  }

  #learnOne(asked: number, { charge: { key }, status, at }: Charged): void {
    const known = this.#counts.get(key);
    const heardAt = this.#clock();
    if (!known) return this.#keep(key, { status, at, heardAt, isLost: false, inFlight: 0 });
    // Answers may overtake one another: the one with the later time holds, and of one time the one with
    // less capacity. An answer to a call that was sent after the known one was heard is newer whatever
    // its time says: the store's clock may have stepped back.
    const isNewer = at > known.at || (at === known.at && status.remaining < known.status.remaining);
    if (isNewer || asked >= known.heardAt) {
      Object.assign(known, { status, at, heardAt, isLost: false });
    }
  }

  /** What is in flight is never forgotten: while all counts are in flight, there is no place for another. */
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

function statusNow(charge: Charge, { status, inFlight, heardAt }: LastCount, now: number) {
  const elapsed = Math.floor(now - heardAt);
  const resetMs = status.resetMs === 0 ? status.windowMs : Math.max(1, status.resetMs - elapsed);
  return statusOf(charge.limit, status.remaining - inFlight, 0, resetMs);
}
