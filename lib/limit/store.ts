import type { Charge, Charged } from "./charge.ts";

/** Units of one limit that a process counted locally while the store was unavailable. */
export interface LocalCount {
  readonly charge: Charge;
  /** The age in milliseconds and the units of each slot, oldest first. */
  readonly taken: readonly { readonly ageMs: number; readonly units: number }[];
}

/**
 * A store of counts. Every store counts in the same way: `tests/contract/limit-stores.test.ts` runs the same
 * suite on each of them.
 *
 * Charges have groups: group 0 has the enforced limits, and each other group is a rule in shadow. Results
 * are in the order of the charges.
 */
export interface LimitStore {
  /**
   * True when the counts are in this process. Denials are then not cached, since the store's clock may differ
   * from the clock of the cache.
   */
  readonly isInProcess?: boolean;
  /**
   * Consumes the cost of every charge, group by group. Nothing is consumed from a group without capacity, and
   * nothing at all when the enforced group has no capacity.
   *
   * @throws {StoreError} when the store is unavailable or rejects the call
   */
  consume(charges: readonly Charge[]): Promise<readonly Charged[]>;
  /**
   * Returns the state of the limits, and consumes nothing.
   *
   * @throws {StoreError} when the store is unavailable or rejects the call
   */
  peek(charges: readonly Charge[]): Promise<readonly Charged[]>;
  /**
   * Consumes the cost of requests that were allowed already, even without capacity.
   *
   * @throws {StoreError} when the store is unavailable or rejects the call: it is not known whether it counted them
   */
  report(charges: readonly Charge[]): Promise<readonly Charged[]>;
  /**
   * Refunds units that `consume` consumed, and returns their number. Units that no longer count, or whose limit
   * has another algorithm since, are not refunded.
   *
   * @throws {StoreError} when the store is unavailable or rejects the call
   */
  refund(taken: readonly Charged[]): Promise<number>;
  /**
   * Adds units that a process counted locally, at the times at which they were consumed.
   *
   * @throws {StoreError} when the store is unavailable: the rest is not sent, and sent counts may be lost
   */
  restore(counts: readonly LocalCount[]): Promise<void>;
}
