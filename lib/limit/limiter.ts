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

/** What came of a check: the decision, what is left to do, and what a refund gives back. */
export interface Outcome {
  readonly decision: Decision;
  /**
   * What is left to do after the response: to report a request that was allowed before the store was
   * asked, or to restore what this process counted while the store was unavailable.
   */
  readonly due?: { readonly report: Admission } | "restore" | undefined;
  /** What was taken: in the store, or in this process. */
  readonly taken?: readonly Charged[] | LocalCheck | undefined;
}

/** Why requests cannot be counted: settings that are missing. Each rule's `onStoreFailure` decides then. */
export interface Uncountable {
  /** What is missing, and what to set. */
  readonly error: HeadgateError;
  /** False where nothing can be counted; true where limits that count no address can be. */
  readonly hasStore: boolean;
}

/** What a limiter remembers beside the store; each has a default, and another is for tests. */
export interface LimiterOptions {
  /** Counts in this process, for rules with "local". */
  readonly local?: LocalLimits;
  readonly denials?: DenialCache;
  readonly counts?: LastCounts;
  /**
   * What they go by: monotonic, in milliseconds.
   * @default the runtime's
   */
  readonly clock?: Clock | undefined;
  /** What cannot be counted; nothing by default. */
  readonly uncountable?: Uncountable | undefined;
}

/** Checks charges against a store. Nothing here throws: a store that fails is a decision. */
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
   * Consumes a request's cost from every limit that decides, or from none. A client that is known to be
   * over its limit is denied without a call.
   */
  consume(charges: Charges): Promise<Outcome> {
    const denial = this.#denials.find(charges.all);
    return denial ? Promise.resolve({ decision: denial }) : this.#consumeInStore(charges);
  }

  /**
   * Does the same where what is due can be done after the response (`finish`): optimistic rules allow a
   * request before the store is asked, while the last known counts leave capacity beyond a margin.
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

  /** Returns how the limits stand for the rules' own cost, and consumes nothing. */
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
   * Gives back what an outcome took, and returns the units, over all its limits: 0 where nothing was taken
   * or the store fails. An outcome is refunded once: the caller holds no second copy of it.
   */
  async refund({ taken }: Outcome): Promise<number> {
    if (!taken) return 0;
    if ("giveBack" in taken) return taken.giveBack();
    if (taken.length === 0) return 0;
    try {
      return await this.#store.refund(taken);
    } catch {
      return 0;
    } finally {
      // Also where the answer was lost: the units may have been given back.
      this.#denials.forget(taken.map(({ charge }) => charge.key));
    }
  }

  /** Forgets the denials of limits that were reset in the store. */
  forget(keys: readonly string[]): void {
    if (keys.length > 0) this.#denials.forget(keys);
  }

  /**
   * Does what an outcome left to do after the response.
   *
   * @throws {StoreError} where a report is lost
   */
  async finish({ due }: Outcome): Promise<void> {
    if (due === "restore") await this.#restore();
    else if (due) await this.#report(due.report);
  }

  async #restore(): Promise<void> {
    try {
      await this.#store.restore(this.#local?.takeOwed() ?? []);
    } catch {
      // What was not sent is lost: the check of the next request tells that the store fails.
    }
  }

  async #consumeInStore(charges: Charges): Promise<Outcome> {
    const missing = this.#missingFor(charges);
    if (missing) return this.#withoutStore("take", charges, missing);
    const asked = this.#denials.asked();
    try {
      const charged = await this.#store.consume(charges.all);
      const decision = decisionOf(charges, charged);
      if (!this.#store.isInProcess) this.#denials.learn(charges.all, asked, decision);
      if (charges.rules.admit === "optimistic") this.#counts.learn(asked.at, charged);
      const due = this.#local?.owes() ? "restore" : undefined;
      return { decision, taken: takenOf(charged), due };
    } catch (error) {
      return this.#withoutStore("take", charges, asStoreError(error));
    }
  }

  async #report(admission: Admission): Promise<void> {
    const asked = this.#counts.asked();
    let charged: readonly Charged[] | undefined;
    try {
      charged = await this.#store.report(admission.charges);
    } finally {
      this.#counts.reported(admission, asked, charged);
    }
  }

  /** Returns why these charges cannot be counted; undefined where they can. */
  #missingFor({ isAddressKnown }: Charges): Error | undefined {
    const { error, hasStore } = this.#uncountable ?? {};
    return isAddressKnown && hasStore ? undefined : error;
  }

  /** Decides by `onStoreFailure` of the rules. */
  #withoutStore(
    mode: "take" | "peek",
    { rules, all, isAddressKnown }: Charges,
    error: Error,
  ): Outcome {
    const { onStoreFailure } = rules;
    // Without a source of addresses all clients would share one count: the first could deny all others.
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

/** Returns true for a limit that is counted in this process: one that decides, of a rule with "local". */
function countsLocally({ group, limit }: Charge, { rules }: Charges["rules"]): boolean {
  const rule = rules.find(({ name }) => name === limit.rule);
  return group === DECIDING && rule?.onStoreFailure === "local";
}
