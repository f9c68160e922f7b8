import { type Decision, decided, uncounted } from "#lib/core/decision";
import type { Clock } from "#lib/core/clock";
import type { HeadgateError } from "#lib/core/errors";
import { asStoreError } from "#lib/redis/errors";
import {
  type Charge,
  type Charged,
  type Charges,
  DECIDING,
  decisionOf,
  takenOf,
} from "./charge.ts";
import { DenialCache } from "./denial-cache.ts";
import { type Admission, LastCounts } from "./last-counts.ts";
import { LocalLimits, type LocalCheck } from "./local.ts";
import type { LimitStore } from "./store.ts";

/** The result of a check: the decision, the work after the response, and the units that can be refunded. */
export interface Outcome {
  readonly decision: Decision;
  /**
   * The work after the response: to report a request that was allowed optimistically, or to restore the units
   * that this process counted while the store was unavailable.
   */
  readonly due?: { readonly report: Admission } | "restore" | undefined;
  /** The consumed units, in the store or in this process. */
  readonly taken?: readonly Charged[] | LocalCheck | undefined;
}

/** The missing settings because of which requests cannot be counted. Each rule's `onStoreFailure` then applies. */
export interface Uncountable {
  /**
   * Names what is missing, and what to set.
   * @example
   * const error = new HeadgateError("ENV_INVALID", "SHOP_STORE must be set.");
   * headgate(policy, { ...options, uncountable: { error, hasStore: false } });
   */
  readonly error: HeadgateError;
  /**
   * True when limits that count no address can be counted; false when no limit can be.
   * @example
   * const error = new HeadgateError("ENV_INVALID", "SHOP_ADDRESS must be set.");
   * headgate(policy, { ...options, uncountable: { error, hasStore: true } });
   */
  readonly hasStore: boolean;
}

/** The parts of a limiter; each has a default, and only tests set others. */
export interface LimiterOptions {
  /** Counts in this process, for rules with "local". */
  readonly local?: LocalLimits;
  readonly denials?: DenialCache;
  readonly counts?: LastCounts;
  /**
   * The clock of these parts: monotonic, in milliseconds.
   * @default the runtime's
   */
  readonly clock?: Clock | undefined;
  /** Set when some or all limits cannot be counted. */
  readonly uncountable?: Uncountable | undefined;
}

/** Checks charges against a store. When the store fails, the methods return a decision instead of throwing. */
export class Limiter {
  readonly #store: LimitStore;
  /** Made when the store is first unavailable. */
  #local: LocalLimits | undefined;
  readonly #clock: Clock | undefined;
  readonly #denials: DenialCache;
  readonly #counts: LastCounts;
  readonly #uncountable: Uncountable | undefined;

  constructor(
    store: LimitStore,
    { local, denials, counts, clock, uncountable }: LimiterOptions = {},
  ) {
    this.#store = store;
    this.#local = local;
    this.#clock = clock;
    this.#denials = denials ?? new DenialCache(clock);
    this.#counts = counts ?? new LastCounts(clock);
    this.#uncountable = uncountable;
  }

  /**
   * Consumes a request's cost from all enforced limits, or from none of them. A client in the denial cache is
   * denied without a call of the store.
   */
  consume(charges: Charges): Promise<Outcome> {
    const denial = this.#denials.find(charges.all);
    return denial ? Promise.resolve({ decision: denial }) : this.#consumeInStore(charges);
  }

  /**
   * Does the same for a caller that calls `finish` after the response. Optimistic rules then allow a request
   * without waiting for the store, while the last known counts leave capacity beyond a margin.
   */
  admit(charges: Charges): Promise<Outcome> {
    if (charges.rules.admit !== "optimistic") return this.consume(charges);
    const denial = this.#denials.find(charges.all);
    if (denial) return Promise.resolve({ decision: denial });
    const admission = this.#counts.admit(charges.all);
    if (!admission) return this.#consumeInStore(charges);
    const { limits, at } = admission;
    const decision = decided(limits, { shadows: [], at, counted: "after-answer" });
    return Promise.resolve({ decision, due: { report: admission } });
  }

  /** Returns the state of the limits for the rules' cost, and consumes nothing. */
  async peek(charges: Charges): Promise<Outcome> {
    const missing = this.#missingFor(charges);
    if (missing) return this.#withoutStore("peek", charges, missing);
    try {
      return { decision: decisionOf(charges, await this.#store.peek(charges.all)) };
    } catch (error) {
      return this.#withoutStore("peek", charges, asStoreError(error));
    }
  }

  /**
   * Refunds the consumed units of an outcome, and returns their number over all its limits: 0 when nothing was
   * consumed or the store fails. The caller must refund an outcome only once.
   */
  async refund({ taken }: Outcome): Promise<number> {
    if (!taken) return 0;
    if ("refund" in taken) return taken.refund();
    if (taken.length === 0) return 0;
    try {
      return await this.#store.refund(taken);
    } catch {
      return 0;
    } finally {
      // If the answer was lost, the units may still have been refunded.
      this.#denials.forget(taken.map(({ charge }) => charge.key));
    }
  }

  /** Forgets the denials of limits that were reset in the store. */
  forget(keys: readonly string[]): void {
    if (keys.length > 0) this.#denials.forget(keys);
  }

  /**
   * Does the work of an outcome after the response.
   *
   * @throws {StoreError} when a report is lost
   */
  async finish({ due }: Outcome): Promise<void> {
    if (due === "restore") await this.#restore();
    else if (due) await this.#report(due.report);
  }

  async #restore(): Promise<void> {
    try {
      await this.#store.restore(this.#local?.takePending() ?? []);
    } catch {
      // The unsent counts are lost. The check of the next request reports that the store fails.
    }
  }

  async #consumeInStore(charges: Charges): Promise<Outcome> {
    const missing = this.#missingFor(charges);
    if (missing) return this.#withoutStore("take", charges, missing);
    const calledAt = this.#denials.callTime();
    try {
      const charged = await this.#store.consume(charges.all);
      const decision = decisionOf(charges, charged);
      if (!this.#store.isInProcess) this.#denials.learn(charges.all, calledAt, decision);
      if (charges.rules.admit === "optimistic") this.#counts.learn(calledAt.at, charged);
      const due = this.#local?.hasPending() ? "restore" : undefined;
      return { decision, taken: takenOf(charged), due };
    } catch (error) {
      return this.#withoutStore("take", charges, asStoreError(error));
    }
  }

  async #report(admission: Admission): Promise<void> {
    const calledAt = this.#counts.callTime();
    let charged: readonly Charged[] | undefined;
    try {
      charged = await this.#store.report(admission.charges);
    } finally {
      this.#counts.reported(admission, calledAt, charged);
    }
  }

  /** Returns why these charges cannot be counted; undefined when they can. */
  #missingFor({ isAddressKnown }: Charges): Error | undefined {
    const { error, hasStore } = this.#uncountable ?? {};
    return isAddressKnown && hasStore ? undefined : error;
  }

  /** Returns the outcome that `onStoreFailure` of the rules defines. */
  #withoutStore(
    mode: "take" | "peek",
    { rules, all, isAddressKnown }: Charges,
    error: Error,
  ): Outcome {
    const { onStoreFailure } = rules;
    // Without client addresses all clients would share one count, so a single client could use it up.
    const isLocal = onStoreFailure === "local" && (isAddressKnown || !this.#uncountable);
    const charges = isLocal ? all.filter((charge) => countsLocally(charge, rules)) : [];
    if (charges.length === 0) {
      return { decision: uncounted(onStoreFailure !== "deny", "store-failed", { error }) };
    }
    this.#local ??= new LocalLimits(this.#clock);
    const checked = this.#local.check(mode, charges);
    const more = { shadows: [], at: undefined, counted: "in-process", error } as const;
    return { decision: decided(checked.limits, more), taken: checked };
  }
}

/** Returns true for a limit that is counted in this process: an enforced limit of a rule with "local". */
function countsLocally({ group, limit }: Charge, { rules }: Charges["rules"]): boolean {
  const rule = rules.find(({ name }) => name === limit.rule);
  return group === DECIDING && rule?.onStoreFailure === "local";
}
