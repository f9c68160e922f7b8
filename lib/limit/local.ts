import { BoundedMap } from "#lib/core/bounded-map";
import { type Clock, monotonic } from "#lib/core/clock";
import type { LimitStatus } from "#lib/core/decision";
import { type Charge, type Charged, fullGroups } from "./charge.ts";
import { MemoryCounts, MOST_KEYS } from "./memory-counts.ts";
import type { LocalCount } from "./store.ts";

/** Times that are told apart in a window: what was consumed close together is told as of the last time. */
const SLOTS = 16;

/** Units that were consumed close together. Times are in milliseconds of the monotonic clock. */
interface Slot {
  readonly since: number;
  at: number;
  units: number;
}

/** What the store does not know of one key, oldest first. */
interface Owed {
  readonly charge: Charge;
  readonly slots: Slot[];
}

/** What a check in this process came to. */
export interface LocalCheck {
  readonly limits: readonly LimitStatus[];
  /** Gives back what was consumed, and returns the units. */
  giveBack(): number;
}

/**
 * Counts in this process while the store is unavailable, by each limit's own algorithm, and notes what the
 * store does not know yet. Memory is bounded: 10,000 keys, each with at most 17 slots to be told.
 */
export class LocalLimits {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #memory: MemoryCounts;
  /** What the store does not know, by key. */
  #owed: BoundedMap<string, Owed>;

  constructor(clock: Clock = monotonic, most = MOST_KEYS) {
    this.#clock = clock;
    this.#most = most;
    this.#memory = new MemoryCounts(clock, most);
    this.#owed = new BoundedMap(most);
  }

  /** Consumes all charges, or none where one has no capacity; or only returns how they stand. */
  check(mode: "take" | "peek", charges: readonly Charge[]): LocalCheck {
    const charged = this.#memory.check(mode, charges);
    const taken = mode === "take" && fullGroups(charged).size === 0 ? charged : [];
    for (const each of taken) this.#note(each);
    return {
      limits: charged.map(({ status }) => status),
      giveBack: () => taken.reduce((total, each) => total + this.#giveBack(each), 0),
    };
  }

  /** Returns true when something was counted that the store does not know. */
  owes(): boolean {
    return !this.#owed.isEmpty;
  }

  /**
   * Returns what the store does not know and still counts: each unit once. It goes on counting here, so
   * that the next outage is no new quota.
   */
  takeOwed(): LocalCount[] {
    const now = Math.floor(this.#clock());
    const counts = [...this.#owed.values()].map(({ charge, slots }) => ({
      charge,
      taken: slots
        .map(({ at, units }) => ({ ageMs: now - at, units }))
        .filter(({ ageMs, units }) => units > 0 && ageMs < charge.limit.windowMs),
    }));
    this.#owed = new BoundedMap(this.#most);
    return counts.filter(({ taken }) => taken.length > 0);
  }

  #note({ charge, at }: Charged): void {
    const { windowMs } = charge.limit;
    const known = this.#owed.get(charge.key)?.slots ?? [];
    const slots = known.filter((slot) => slot.at > at - windowMs);
    const slotOf = (time: number) => Math.floor((time * SLOTS) / windowMs);
    const last = slots.at(-1);
    if (last && slotOf(last.at) === slotOf(at)) {
      last.units += charge.cost;
      last.at = at;
    } else slots.push({ since: at, at, units: charge.cost });
    this.#owed.set(charge.key, { charge, slots });
  }

  #giveBack(taken: Charged): number {
    const units = this.#memory.refund(taken);
    const { charge, at } = taken;
    const slot = this.#owed
      .get(charge.key)
      ?.slots.find((each) => each.since <= at && at <= each.at);
    if (slot) slot.units = Math.max(0, slot.units - units);
    return units;
  }
}
