import { type Clock, monotonic } from "#lib/core/clock";
import type { LimitStatus } from "#lib/core/decision";
import { type Charge, statusOf } from "./charge.ts";
import type { LocalCount } from "./store.ts";

/** Keys that are counted at most; beyond it whoever was not seen for longest begins anew. */
const MOST_KEYS = 10_000;

/** Times that are told apart in a window: what was taken close together ends together, at the last. */
const SLOTS = 16;

/** Units that were taken together. */
interface Taken {
  /** When the first of them was taken, in milliseconds of the monotonic clock. */
  readonly since: number;
  /** When the last of them was taken. */
  at: number;
  units: number;
  /** How many of them the store does not know of yet. */
  owed: number;
}

/** What one key's client took here, oldest first. */
interface Count {
  readonly charge: Charge;
  readonly taken: Taken[];
}

export interface LocalSettlement {
  readonly passed: boolean;
  readonly limits: readonly LimitStatus[];
  /** Gives back what was taken; answers the units. */
  giveBack(): number;
}

/** Limits that are counted in this process alone. */
export interface LocalLimits {
  /** Takes all charges, or none where one has no room; or only says how they stand. */
  settle(mode: "take" | "peek", charges: readonly Charge[]): LocalSettlement;
  /** Whether anything was counted that the store does not know of. */
  owes(): boolean;
  /**
   * What the store does not know of, and still counts: each unit is told once. It goes on counting
   * here, so that the next outage is no new quota.
   */
  takeOwed(): LocalCount[];
}

/**
 * Counts in this process, for as long as the store is away. Whatever a limit's algorithm, no window
 * of any beginning admits more than the limit: that is the bound of sliding-log, and within those of
 * all others. Memory is bounded: 10,000 keys, each with at most 17 numbers of units and as many times.
 */
export function createLocalLimits(clock: Clock = monotonic, mostKeys = MOST_KEYS): LocalLimits {
  // In the order of their last use: the first is the one that goes.
  const counts = new Map<string, Count>();
  let owes = false;

  const countOf = (charge: Charge, now: number): Count => {
    const known = counts.get(charge.key);
    if (!known) return { charge, taken: [] };
    const since = now - charge.limit.windowMs;
    while (known.taken[0] && known.taken[0].at <= since) known.taken.shift();
    return known;
  };

  const take = (count: Count, { key, cost }: Charge, now: number): void => {
    add(count, cost, now);
    owes = true;
    counts.delete(key);
    counts.set(key, count);
    if (counts.size <= mostKeys) return;
    const [oldest = ""] = counts.keys();
    counts.delete(oldest);
  };

  return {
    owes: () => owes,

    settle(mode, charges) {
      const now = clock();
      const states = charges.map((charge) => ({ charge, count: countOf(charge, now) }));
      const waits = states.map(({ charge, count }) => waitFor(count, charge, charge.cost, now));
      const passed = waits.every((wait) => wait === 0);
      const isTaken = passed && mode === "take";
      if (isTaken) for (const { charge, count } of states) take(count, charge, now);
      return {
        passed,
        limits: states.map(({ charge, count }, i) => {
          const remaining = Math.max(0, charge.limit.limit - used(count));
          const reset =
            remaining < charge.limit.limit && waitFor(count, charge, remaining + 1, now);
          return statusOf(charge.limit, remaining, waits[i] ?? 0, reset || 0);
        }),
        giveBack: () =>
          isTaken ? sum(states.map(({ charge, count }) => giveBack(count, charge.cost, now))) : 0,
      };
    },

    takeOwed() {
      const now = clock();
      owes = false;
      const owed = [...counts.values()].map(({ charge }) => ({
        charge,
        taken: countOf(charge, now).taken.map((each) => {
          const units = each.owed;
          each.owed = 0;
          return { ageMs: Math.floor(now - each.at), units };
        }),
      }));
      return owed.filter(({ taken }) => taken.some(({ units }) => units > 0));
    },
  };
}

function used({ taken }: Count): number {
  return sum(taken.map(({ units }) => units));
}

/** Milliseconds until `cost` has room: 0 when it has, -1 when it never will. */
function waitFor(count: Count, { limit }: Charge, cost: number, now: number): number {
  if (cost > limit.limit) return -1;
  let over = used(count) + cost - limit.limit;
  for (const { at, units } of count.taken) {
    if (over <= 0) break;
    over -= units;
    if (over <= 0) return Math.max(1, Math.ceil(at + limit.windowMs - now));
  }
  return 0;
}

/** What is taken soon after is counted as taken together: its end is the later one's, never earlier. */
function add({ charge, taken }: Count, units: number, now: number): void {
  const slotMs = charge.limit.windowMs / SLOTS;
  const last = taken.at(-1);
  if (last && Math.floor(last.at / slotMs) === Math.floor(now / slotMs)) {
    last.units += units;
    last.owed += units;
    last.at = now;
  } else taken.push({ since: now, at: now, units, owed: units });
}

/** Gives back from the slot in which it was taken; where that slot is over, later ones are others'. */
function giveBack({ taken }: Count, cost: number, takenAt: number): number {
  const from = taken.find(({ since, at }) => since <= takenAt && takenAt <= at);
  const units = Math.min(cost, from?.units ?? 0);
  if (from) {
    from.units -= units;
    from.owed = Math.max(0, from.owed - units);
  }
  return units;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
