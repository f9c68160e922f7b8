import { type Clock, monotonic } from "#lib/core/clock";
import type { LimitStatus } from "#lib/core/decision";
import { type Charge, type Charged, statusOf } from "./charge.ts";

/** A count that was heard of longer ago is asked for. */
const KNOWN_MS = 10_000;

/** Counts that are known at most; beyond it whichever was used longest ago is forgotten. */
const MOST_COUNTS = 10_000;

/** What is known of one key. */
interface KnownCount {
  /** As the store said last. */
  status: LimitStatus;
  /** When it said so: milliseconds since 1970 on its clock. */
  at: number;
  /** When that was heard: milliseconds of the monotonic clock. */
  heardAt: number;
  /** Whether a report was lost since: nobody knows what is counted of it. */
  isLost: boolean;
  /** Units that were admitted here, and of which the store has not answered yet. */
  inFlight: number;
}

/** What was admitted before the store was asked. */
export interface Admission {
  /** How the limits stand with it, as far as is known. */
  readonly limits: readonly LimitStatus[];
  /** Milliseconds since 1970 on Redis's clock, as far as is known. */
  readonly at: number;
  /** To be called once: with what the store answered to the report, or without where it was lost. */
  reported(charged?: readonly Charged[]): void;
}

/** What the store said last of each limit, for rules that admit before it is asked. */
export interface KnownCounts {
  /** Admits what has room beyond the margin of every limit; undefined where the store is to be asked. */
  admit(charges: readonly Charge[]): Admission | undefined;
  /** Remembers what the store answered. */
  learn(charged: readonly Charged[]): void;
}

/**
 * The units of a limit that are never admitted unasked, and the most that one instance has in flight:
 * a tenth of the limit, rounded up.
 */
export function marginOf(limit: number): number {
  return Math.ceil(limit / 10);
}

/**
 * Remembers the last known counts. An instance admits unasked while the last answer leaves more room
 * than the margin, and no more units at once than the margin: so all instances together admit at most
 * instances × min(margin, units in flight at one instance) more than the limit
 * (docs/algorithms.md#optimistic).
 *
 * @param clock monotonic, in milliseconds
 */
export function createKnownCounts(
  clock: Clock = monotonic,
  most: number = MOST_COUNTS,
): KnownCounts {
  // In the order of their last use.
  const counts = new Map<string, KnownCount>();

  /** What is in flight must not be forgotten: while it is all that, there is no place for another. */
  const keep = (key: string, count: KnownCount): void => {
    counts.delete(key);
    for (const [oldest, { inFlight }] of counts) {
      if (counts.size < most) break;
      if (inFlight > 0) return;
      counts.delete(oldest);
    }
    counts.set(key, count);
  };

  const learnOne = ({ charge: { key }, status, at }: Charged): void => {
    const known = counts.get(key);
    const heardAt = clock();
    if (!known) return keep(key, { status, at, heardAt, isLost: false, inFlight: 0 });
    // Answers may overtake one another: of two moments the later one holds, of one the fuller. No
    // answer is on its way for so long that it were older than what is known no more: the store's
    // clock stepped back.
    const isNewer = at > known.at || (at === known.at && status.remaining < known.status.remaining);
    if (isNewer || !isRecent(known, heardAt)) {
      Object.assign(known, { status, at, heardAt, isLost: false });
    }
  };

  return {
    admit(charges) {
      const now = clock();
      const known: (readonly [Charge, KnownCount])[] = [];
      for (const charge of charges) {
        const count = counts.get(charge.key);
        if (!count || !isRecent(count, now) || !hasRoom(count, charge)) return undefined;
        known.push([charge, count]);
      }
      const [first] = known;
      if (!first) return undefined;
      for (const [{ key, cost }, count] of known) {
        count.inFlight += cost;
        keep(key, count);
      }
      return {
        limits: known.map(([charge, count]) => statusNow(charge, count, now)),
        at: Math.floor(first[1].at + now - first[1].heardAt),
        reported(charged) {
          for (const [{ cost }, count] of known) {
            count.inFlight -= cost;
            count.isLost ||= !charged;
          }
          charged?.forEach(learnOne);
        },
      };
    },

    learn(charged) {
      charged.forEach(learnOne);
    },
  };
}

function isRecent({ heardAt }: KnownCount, now: number): boolean {
  return now - heardAt <= KNOWN_MS;
}

function hasRoom({ status, isLost, inFlight }: KnownCount, { limit, cost }: Charge): boolean {
  if (isLost || status.limit !== limit.limit) return false;
  const margin = marginOf(limit.limit);
  return inFlight + cost <= margin && status.remaining - inFlight - cost >= margin;
}

function statusNow(charge: Charge, { status, inFlight, heardAt }: KnownCount, now: number) {
  const elapsed = Math.floor(now - heardAt);
  const resetMs = status.resetMs === 0 ? status.windowMs : Math.max(1, status.resetMs - elapsed);
  return statusOf(charge.limit, status.remaining - inFlight, 0, resetMs);
}
