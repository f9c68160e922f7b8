import { BoundedMap } from "#lib/core/bounded-map";
import { type Clock, monotonic } from "#lib/core/clock";
import type { LimitStatus } from "#lib/core/decision";
import { type Charge, type Charged, fullGroups } from "./charge.ts";
import { MemoryCounts, MOST_KEYS } from "./memory-counts.ts";
import type { LocalCount } from "./store.ts";

/** The time slots of a window: units that were consumed in one slot are restored with its last time. */
const SLOTS = 16;

/** Units that were consumed in one slot. Times are in milliseconds of the monotonic clock. */
interface Slot {
  readonly since: number;
  at: number;
  units: number;
}

/** The units of one key that the store has not counted, oldest first. */
interface Pending {
  readonly charge: Charge;
  readonly slots: Slot[];
}

/** The result of a check in this process. */
export interface LocalCheck {
  readonly limits: readonly LimitStatus[];
  /** Refunds the consumed units, and returns their number. */
  refund(): number;
}

/**
 * Counts in this process while the store is unavailable, by each limit's own algorithm, and keeps the units
 * that the store has not counted yet. Memory is bounded: 10,000 keys, each with at most 17 slots.
 */
export class LocalLimits {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #memory: MemoryCounts;
  /** The units that the store has not counted, by key. */
  #pending: BoundedMap<string, Pending>;

  constructor(clock: Clock = monotonic, most = MOST_KEYS) {
    this.#clock = clock;
    this.#most = most;
    this.#memory = new MemoryCounts(clock, most);
    this.#pending = new BoundedMap(most);
  }

  /** Consumes all charges, or none if one limit has no capacity. With "peek" it consumes nothing. */
  check(mode: "take" | "peek", charges: readonly Charge[]): LocalCheck {
    const charged = this.#memory.check(mode, charges);
    const taken = mode === "take" && fullGroups(charged).size === 0 ? charged : [];
    for (const each of taken) this.#note(each);
    return {
      limits: charged.map(({ status }) => status),
      refund: () => taken.reduce((total, each) => total + this.#refund(each), 0),
    };
  }

  /** Returns true when there are units that the store has not counted. */
  hasPending(): boolean {
    return !this.#pending.isEmpty;
  }

  /**
   * Returns the units that the store has not counted and that still count, each unit once. They stay in the
   * local count, so that the next outage does not start with a full quota.
   */
  takePending(): LocalCount[] {
    const now = Math.floor(this.#clock());
    const counts = [...this.#pending.values()].map(({ charge, slots }) => ({
      charge,
      taken: slots
        .map(({ at, units }) => ({ ageMs: now - at, units }))
        .filter(({ ageMs, units }) => units > 0 && ageMs < charge.limit.windowMs),
    }));
    this.#pending = new BoundedMap(this.#most);
    return counts.filter(({ taken }) => taken.length > 0);
  }

  #note({ charge, at }: Charged): void {
    const { windowMs } = charge.limit;
    const known = this.#pending.get(charge.key)?.slots ?? [];
    const slots = known.filter((slot) => slot.at > at - windowMs);
    const slotOf = (time: number) => Math.floor((time * SLOTS) / windowMs);
    const last = slots.at(-1);
    if (last && slotOf(last.at) === slotOf(at)) {
      last.units += charge.cost;
      last.at = at;
    } else slots.push({ since: at, at, units: charge.cost });
    this.#pending.set(charge.key, { charge, slots });
  }

  #refund(taken: Charged): number {
    const units = this.#memory.refund(taken);
    const { charge, at } = taken;
    const slot = this.#pending
      .get(charge.key)
      ?.slots.find((each) => each.since <= at && at <= each.at);
    if (slot) slot.units = Math.max(0, slot.units - units);
    return units;
  }
}
