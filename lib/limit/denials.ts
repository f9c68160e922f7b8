import { type Clock, monotonic } from "#lib/core/clock";
import type { Decision, LimitStatus } from "#lib/core/decision";
import { type Charge, DECIDING } from "./charge.ts";

/** Longer than this nobody is refused unasked: what other instances give back is heard of by then. */
const LONGEST_MS = 30_000;

/** Denials that are known at most; beyond it whichever was asked for longest ago is forgotten. */
const MOST_DENIALS = 10_000;

/** One denial, by the limit whose room comes last. */
interface Denial {
  readonly charges: readonly Charge[];
  readonly decision: Decision;
  /** No later than its room: from before it was asked. Milliseconds of the monotonic clock. */
  readonly until: number;
  /** When the answer was there: what is told by it is no shorter than the wait. */
  readonly heardAt: number;
}

/**
 * What the store is known to answer: that a client has no room yet. Only what can be said for sure is
 * kept; a cost that never has room, and what was counted in this process, is not.
 */
export interface KnownDenials {
  /** The denial that the store would answer now, with what is left of its waits. */
  find(charges: readonly Charge[]): Decision | undefined;
  /** To be called before the store is asked; what it returns is told the decision. */
  asking(charges: readonly Charge[]): (decision: Decision) => void;
  /** Forgets what was given back, once it was, and what was asked meanwhile. */
  forget(keys: readonly string[]): void;
}

/**
 * Remembers denials until the moment at which their room comes, and 30 seconds at most. Since requests
 * take and do not give, nobody is refused whom the store would admit, but for what another instance
 * gives back: that is heard of when the denial ends.
 *
 * @param clock monotonic, in milliseconds
 */
export function createKnownDenials(
  clock: Clock = monotonic,
  most: number = MOST_DENIALS,
): KnownDenials {
  // In the order of their last use, by the key of the limit whose room comes last.
  const denials = new Map<string, Denial>();
  let timesForgotten = 0;

  const keep = (key: string, denial: Denial): void => {
    denials.delete(key);
    denials.set(key, denial);
    if (denials.size <= most) return;
    const [oldest = ""] = denials.keys();
    denials.delete(oldest);
  };

  return {
    find(charges) {
      const now = clock();
      for (const { key } of charges) {
        const denial = denials.get(key);
        if (!denial) continue;
        if (now >= denial.until) denials.delete(key);
        else if (isSame(denial.charges, charges)) {
          keep(key, denial);
          return later(denial.decision, now - denial.heardAt);
        }
      }
      return undefined;
    },

    asking(charges) {
      const askedAt = clock();
      const before = timesForgotten;
      return (decision) => {
        const waitMs = decision.retryAfterMs;
        if (decision.allowed || waitMs === undefined || before !== timesForgotten) return;
        const last = decision.limits.findIndex((limit) => limit.waitMs === waitMs);
        const deciding = charges.filter(({ group }) => group === DECIDING);
        const key = deciding[last]?.key;
        if (key === undefined) return;
        const until = askedAt + Math.min(waitMs, LONGEST_MS);
        keep(key, { charges: deciding, decision, until, heardAt: clock() });
      };
    },

    forget(keys) {
      timesForgotten += 1;
      for (const key of keys) denials.delete(key);
    },
  };
}

/** Whether a request takes the same of the same limits: one's room is then the other's. */
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

/** A denial as it stands some milliseconds after it was heard, had nobody else asked. */
function later(decision: Decision, elapsedMs: number): Decision {
  const passed = Math.floor(elapsedMs);
  return {
    ...decision,
    remembered: true,
    limits: decision.limits.map((status) => laterStatus(status, passed)),
    retryAfterMs: decision.retryAfterMs === undefined ? undefined : decision.retryAfterMs - passed,
    at: decision.at === undefined ? undefined : decision.at + passed,
  };
}

/** What has less left than nothing has room again; how much, the store was not asked. */
function laterStatus(status: LimitStatus, passed: number): LimitStatus {
  const { waitMs, resetMs } = status;
  return {
    ...status,
    waitMs: waitMs === undefined ? undefined : Math.max(0, waitMs - passed),
    resetMs: resetMs === 0 ? 0 : Math.max(1, resetMs - passed),
  };
}
