import { BoundedMap } from "#lib/core/bounded-map";
import type { Clock } from "#lib/core/clock";
import { KEEPERS } from "#lib/limit/algorithms/all";
import type { MemoryForm, MemoryState, Moment } from "#lib/limit/algorithms/definition";
import { type Charge, type Charged, DECIDING, statusOf } from "./charge.ts";
import type { LocalCount } from "./store.ts";

/** The default of the most keys that are counted in memory. */
export const MOST_KEYS = 10_000;

/** One limit of one client, and the state of its key at this moment. */
interface Count {
  readonly charge: Charge;
  readonly moment: Moment;
  /** The limit's own algorithm. */
  readonly own: MemoryForm;
  /** The algorithm that reads the state and decides: another than `own` after the limit's algorithm changed. */
  keeper: MemoryForm;
  state: MemoryState;
}

/**
 * Counts limits in memory, synchronously. `MemoryLimits` and the local counting while the store is unavailable
 * use it.
 */
export class MemoryCounts {
  readonly #clock: Clock;
  readonly #states: BoundedMap<string, MemoryState>;

  /**
   * @param clock milliseconds, rounded down to whole ones; it may step back
   * @param most the most keys that are counted; beyond it keys that were not used for long are dropped
   */
  constructor(clock: Clock, most: number) {
    this.#clock = clock;
    this.#states = new BoundedMap(most);
  }

  /** Consumes if there is capacity ("take"), consumes nothing ("peek"), or always consumes ("report"). */
  check(mode: "take" | "peek" | "report", charges: readonly Charge[]): Charged[] {
    const now = this.#now();
    const counts = charges.map((charge) => this.#open(charge, now));
    const waits = counts.map((count) => waitOf(count, count.moment.cost));
    const full = new Set(charges.filter((_, i) => waits[i] !== 0).map(({ group }) => group));
    const isFree = (group: number) => !full.has(DECIDING) && !full.has(group);
    for (const count of counts) {
      const { charge, moment } = count;
      const isTaken = mode === "report" || (mode === "take" && isFree(charge.group));
      // A state from before the clock stepped back is written again in any case.
      if (!isTaken && !count.state.ahead) continue;
      if (isTaken) adopt(count);
      count.keeper.add(count.state, moment, isTaken ? moment.cost : 0, 0);
      this.#keep(charge, count.state);
    }
    return counts.map((count, i) => {
      const { limit } = count.charge;
      const remaining = Math.max(0, limit.limit - count.keeper.used(count.state, count.moment));
      const reset = remaining < limit.limit ? waitOf(count, remaining + 1) : 0;
      return {
        charge: count.charge,
        at: now,
        status: statusOf(limit, remaining, waits[i] ?? 0, reset),
      };
    });
  }

  /** Refunds the charge of one limit, and returns the units. */
  refund({ charge, at }: Charged): number {
    const { own, moment } = this.#open(charge, this.#now());
    const kept = this.#states.get(charge.key);
    if (!kept || !own.kinds.includes(kept.kind)) return 0;
    const units = own.refund(kept, moment, at);
    this.#keep(charge, kept);
    return units;
  }

  /** Adds units that were counted elsewhere. */
  restore({ charge, taken }: LocalCount): void {
    const { own, moment, state } = adopt(this.#open(charge, this.#now()));
    state.until = undefined;
    for (const { ageMs, units } of taken) {
      if (units > 0 && ageMs < moment.windowMs) own.add(state, moment, units, ageMs);
    }
    own.add(state, moment, 0, 0);
    this.#keep(charge, state);
  }

  #now(): number {
    return Math.floor(this.#clock());
  }

  #open(charge: Charge, now: number): Count {
    const { key, limit, cost } = charge;
    const own = formOf((each) => each.name === limit.algorithm);
    const moment = { limit: limit.limit, windowMs: limit.windowMs, cost, now };
    const kept = this.#find(key, now) ?? emptyOf(own);
    const reads = (form: MemoryForm) => form.kinds.includes(kept.kind);
    const keeper = reads(own) ? own : formOf(({ memory }) => reads(memory));
    return { charge, moment, own, keeper, state: keeper.read(kept, moment) };
  }

  #find(key: string, now: number): MemoryState | undefined {
    const kept = this.#states.get(key);
    if (!kept || now <= (kept.until ?? 0)) return kept;
    this.#states.delete(key);
    return undefined;
  }

  /** Keeps a state. A state without numbers is an empty log, which Redis deletes, too. */
  #keep({ key }: Charge, state: MemoryState): void {
    if (state.numbers.length > 0) this.#states.set(key, state);
    else this.#states.delete(key);
  }
}

function formOf(isIt: (algorithm: (typeof KEEPERS)[number]) => boolean): MemoryForm {
  return (KEEPERS.find(isIt) as (typeof KEEPERS)[number]).memory;
}

/**
 * Returns the milliseconds until there is capacity for a cost: 0 when there is now, -1 when there never will be.
 */
function waitOf({ keeper, state, moment }: Count, cost: number): number {
  if (cost > moment.limit) return -1;
  if (keeper.used(state, moment) + cost <= moment.limit) return 0;
  return keeper.wait(state, moment, cost);
}

/** Converts the state to the limit's own algorithm; the units then count as consumed now. */
function adopt(count: Count): Count {
  const { own, keeper, state, moment } = count;
  if (own === keeper) return count;
  count.state = own.adopt?.(moment) ?? own.read(emptyOf(own), moment);
  own.add(count.state, moment, keeper.used(state, moment), 0);
  count.keeper = own;
  return count;
}

function emptyOf({ kinds }: MemoryForm): MemoryState {
  return { kind: kinds.charAt(0), numbers: [] };
}
