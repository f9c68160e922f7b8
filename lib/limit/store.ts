import type { Charge, Charged } from "./charge.ts";

/** Units of one limit that a process counted by itself while the store was unavailable. */
export interface LocalCount {
  readonly charge: Charge;
  /** How many milliseconds ago, and how many units; oldest first. */
  readonly taken: readonly { readonly ageMs: number; readonly units: number }[];
}

/**
 * Where limits are counted. Every store counts in the same way: `tests/contract/limit-stores.test.ts`
 * runs one suite on each of them.
 *
 * Charges come in groups: those of group 0 decide, and each other group is a rule in shadow. A limit
 * is told in the order of its charge.
 */
export interface LimitStore {
  /**
   * True where the counts are in this process, on a clock that may be another than the process's own: a
   * denial is not remembered beside them.
   */
  readonly isInProcess?: boolean;
  /**
   * Consumes the cost of every charge, group by group: of a group without capacity nothing is consumed,
   * and nothing at all where the group that decides has none.
   *
   * @throws {StoreError} when the store is unavailable or refuses
   */
  consume(charges: readonly Charge[]): Promise<readonly Charged[]>;
  /**
   * Returns how the limits stand, and consumes nothing.
   *
   * @throws {StoreError} when the store is unavailable or refuses
   */
  peek(charges: readonly Charge[]): Promise<readonly Charged[]>;
  /**
   * Consumes the cost of requests that were allowed already, also where there is no capacity.
   *
   * @throws {StoreError} when the store is unavailable or refuses: whether they were counted is not known
   */
  report(charges: readonly Charge[]): Promise<readonly Charged[]>;
  /**
   * Gives back what `consume` took, and returns the units given back. Units that count no more, and units
   * of a limit that is counted in another way since, are not given back.
   *
   * @throws {StoreError} when the store is unavailable or refuses
   */
  refund(taken: readonly Charged[]): Promise<number>;
  /**
   * Adds what a process counted by itself, at the times at which it was taken.
   *
   * @throws {StoreError} when the store is unavailable: the rest is not sent, and what was sent may be lost
   */
  restore(counts: readonly LocalCount[]): Promise<void>;
}
