import { wholeProblem } from "#lib/core/argument";
import type { Clock } from "#lib/core/clock";
import { HeadgateError } from "#lib/core/errors";
import type { Charge, Charged } from "../charge.ts";
import { MemoryCounts, MOST_KEYS } from "../memory-counts.ts";
import type { LimitStore, LocalCount } from "../store.ts";

export interface MemoryOptions {
  /**
   * The clock of the counts, in milliseconds, rounded down to whole ones as in Redis. It may step back.
   * @default Date.now
   * @example
   * new MemoryLimits({ clock: Date.now });
   */
  readonly clock?: Clock | undefined;
  /**
   * The most keys that are counted, a whole number from 2; beyond it keys that were not used for long are
   * dropped.
   * @default 10,000
   * @example
   * createHeadgate(policy, () => ({ ...fromEnv(), limitStore: memoryLimits({ most: 100_000 }) }));
   */
  readonly most?: number | undefined;
}

/**
 * Counts limits in the memory of this process, by the same algorithms and with the same answers as
 * Redis. A key holds at most three numbers, and with `sliding-log` one number for each unit that counts.
 *
 * @example
 * const store = new MemoryLimits({ clock: () => Date.now(), most: 1000 });
 */
export class MemoryLimits implements LimitStore {
  readonly isInProcess = true;
  readonly #counts: MemoryCounts;

  /** @throws {HeadgateError} LIMIT_BAD_ARGUMENT when `most` is no whole number from 2 */
  constructor({ clock = Date.now, most = MOST_KEYS }: MemoryOptions = {}) {
    const problem = wholeProblem("most", most, 2);
    if (problem) throw new HeadgateError("LIMIT_BAD_ARGUMENT", `MemoryLimits: ${problem}`);
    this.#counts = new MemoryCounts(clock, most);
  }

  async consume(charges: readonly Charge[]): Promise<readonly Charged[]> {
    return this.#counts.check("take", charges);
  }

  async peek(charges: readonly Charge[]): Promise<readonly Charged[]> {
    return this.#counts.check("peek", charges);
  }

  async report(charges: readonly Charge[]): Promise<readonly Charged[]> {
    return this.#counts.check("report", charges);
  }

  async refund(taken: readonly Charged[]): Promise<number> {
    return taken.reduce((total, each) => total + this.#counts.refund(each), 0);
  }

  async restore(counts: readonly LocalCount[]): Promise<void> {
    for (const each of counts) this.#counts.restore(each);
  }
}
