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
  /**
   * Called once, before the report is sent. What it returns is called with the store's answer, or
   * without one where the report was lost.
   */
  reporting(): (charged?: readonly Charged[]) => void;
}

/** What the store said last of each limit, for rules that admit before it is asked. */
export interface KnownCounts {
  /** Admits what has room beyond the margin of every limit; undefined where the store is to be asked. */
  admit(charges: readonly Charge[]): Admission | undefined;
  /** Called before the store is asked. What it returns is called with the store's answer. */
  asking(): (charged: readonly Charged[]) => void;
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

  const learnOne = (sentAt: number, { charge: { key }, status, at }: Charged): void => {
    const known = counts.get(key);
    const heardAt = clock();
    if (!known) return keep(key, { status, at, heardAt, isLost: false, inFlight: 0 });
    // Answers may overtake one another: the one with the later time holds, and of one time the one with
    // less capacity. An answer to a call that was sent after the known one was heard is newer whatever
    // its time says: the store's clock may have stepped back.
    const isNewer = at > known.at || (at === known.at && status.remaining < known.status.remaining);
    if (isNewer || sentAt >= known.heardAt) {
      Object.assign(known, { status, at, heardAt, isLost: false });
    }
  };

  const asking = () => {
    const sentAt = clock();
    return (charged: readonly Charged[]): void => {
      for (const each of charged) learnOne(sentAt, each);
    };
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
        reporting() {
          const learn = asking();
          return (charged) => {
            for (const [{ cost }, count] of known) {
              count.inFlight -= cost;
              count.isLost ||= !charged;
            }
            if (charged) learn(charged);
          };
        },
      };
    },

    asking,
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
