import { type Decision, uncounted } from "#lib/core/decision";
import type { RuleSet } from "#lib/policy/types";
import { asStoreError } from "#lib/redis/errors";
import type { Keys } from "#lib/redis/keys";
import { type Charge, type Charged, chargesOf, DECIDING } from "./charge.ts";
import { createKnownDenials, type KnownDenials } from "./denials.ts";
import { LocalLimits } from "./local.ts";
import { createKnownCounts, type KnownCounts } from "./known-counts.ts";
import type { LimitStore } from "./store.ts";
import { type Settlement, settlementOf } from "./settlement.ts";

/** Settles the limits of rule sets in one store. Nothing here throws: a failure is a decision. */
export interface Limiter {
  /**
   * Takes a request's cost from every limit of the set that decides, or from none. A client that is
   * known to have no room is refused without asking.
   *
   * @param clients the pseudonym of each limit's client, in the order of `settledLimits(rules)`
   * @param cost units, in the place of the rules' own cost
   */
  take(rules: RuleSet, clients: readonly string[], cost?: number): Promise<Decision>;
  /**
   * The same for what may be told of after the answer ({@link Limiter.after}): where the rules are
   * "optimistic", a request passes unasked while the last known counts leave room beyond a margin.
   */
  admit(rules: RuleSet, clients: readonly string[]): Promise<Decision>;
  /** Says how the limits stand for the rules' own cost, and takes nothing. */
  peek(rules: RuleSet, clients: readonly string[]): Promise<Decision>;
  /**
   * Gives back what an allowed decision of this limiter took, once. Answers the units given back,
   * over all its limits: 0 where nothing was taken, it was given back before, or the store failed.
   */
  refund(decision: Decision): Promise<number>;
  /**
   * What is left to do after the answer, or undefined: to report what was admitted unasked; to add in
   * the store what was counted in this process while it was away, once it answers again. What it
   * returns throws a StoreError where a report is lost.
   */
  after(decision: Decision): (() => Promise<void>) | undefined;
}

export interface LimiterOptions {
  /** Counts in this process, for rules with "local"; or another for tests. */
  readonly local?: LocalLimits;
  /** Denials that are known without asking, or another's for tests. */
  readonly denials?: KnownDenials;
  /** The last known counts, or another's for tests. */
  readonly counts?: KnownCounts;
}

/** Makes the limiter of one store. */
export function createLimiter(
  store: LimitStore,
  keys: Keys,
  options: LimiterOptions = {},
): Limiter {
  const local = options.local ?? new LocalLimits();
  const denials = options.denials ?? createKnownDenials();
  const counts = options.counts ?? createKnownCounts();
  const reports = new WeakMap<Decision, () => Promise<void>>();
  const refunds = new WeakMap<Decision, () => number | Promise<number>>();

  /** What the rules say of a store that fails, said of this request. */
  const withoutStore = (
    mode: "take" | "peek",
    rules: RuleSet,
    clients: readonly string[],
    cost: number | undefined,
    error: Error,
  ): Decision => {
    const charges =
      rules.onStoreFailure === "local" ? localCharges(rules, clients, keys, cost) : [];
    if (charges.length === 0)
      return uncounted(rules.onStoreFailure !== "deny", "store-failed", { error });
    const settled = local.settle(mode, charges);
    const decision: Decision = {
      ...decisionOf({ ...settled, shadows: [], at: undefined }),
      counted: "in-process",
      error,
    };
    refunds.set(decision, () => settled.giveBack());
    return decision;
  };

  const ask = async (
    mode: "take" | "peek",
    rules: RuleSet,
    charges: readonly Charge[],
  ): Promise<Decision> => {
    const learnDenial = denials.asking(charges);
    const learnCounts = rules.admit === "optimistic" ? counts.asking() : undefined;
    const charged = await (mode === "peek" ? store.peek(charges) : store.consume(charges));
    const settlement = settlementOf(rules, charged);
    const decision = decisionOf(settlement);
    if (mode === "peek") return decision;
    learnDenial(decision);
    learnCounts?.(charged);
    const { taken } = settlement;
    if (taken.length > 0) refunds.set(decision, () => giveBackTaken(taken));
    return decision;
  };

  /** Undefined where the store is to be asked first. */
  const admitted = (charges: readonly Charge[]): Decision | undefined => {
    const admission = counts.admit(charges);
    if (!admission) return undefined;
    const { limits, at } = admission;
    const settled = decisionOf({ passed: true, limits, shadows: [], at });
    const decision: Decision = { ...settled, counted: "after-answer" };
    reports.set(decision, async () => {
      const reported = admission.reporting();
      let charged: readonly Charged[] | undefined;
      try {
        charged = await store.report(charges);
      } finally {
        reported(charged);
      }
    });
    return decision;
  };

  const settled = async (
    mode: "take" | "admit" | "peek",
    rules: RuleSet,
    clients: readonly string[],
    cost: number | undefined,
  ): Promise<Decision> => {
    const asks = mode === "peek" ? "peek" : "take";
    try {
      const charges = chargesOf(rules, clients, keys, cost);
      const known =
        (asks === "take" ? denials.find(charges) : undefined) ??
        (mode === "admit" && rules.admit === "optimistic" ? admitted(charges) : undefined);
      return known ?? (await ask(asks, rules, charges));
    } catch (error) {
      return withoutStore(asks, rules, clients, cost, asStoreError(error));
    }
  };

  const giveBackTaken = async (taken: readonly Charged[]): Promise<number> => {
    try {
      return await store.refund(taken);
    } finally {
      // Also where the answer was lost: it may have been given back.
      denials.forget(taken.map(({ charge }) => charge.key));
    }
  };

  return {
    take: (rules, clients, cost) => settled("take", rules, clients, cost),
    admit: (rules, clients) => settled("admit", rules, clients, undefined),
    peek: (rules, clients) => settled("peek", rules, clients, undefined),

    async refund(decision) {
      const giveBack = refunds.get(decision);
      refunds.delete(decision);
      try {
        return (await giveBack?.()) ?? 0;
      } catch {
        return 0;
      }
    },

    after(decision) {
      const report = reports.get(decision);
      reports.delete(decision);
      if (report) return report;
      // A remembered denial does not tell that the store is back.
      if (decision.counted !== "in-store" || decision.remembered || !local.owes()) return undefined;
      return () => store.restore(local.takeOwed()).catch(() => {});
    },
  };
}

/** What is counted in the process: the limits that decide, of the rules that say "local". */
function localCharges(
  rules: RuleSet,
  clients: readonly string[],
  keys: Keys,
  cost: number | undefined,
): Charge[] {
  const names = new Set(
    rules.rules.filter(({ onStoreFailure }) => onStoreFailure === "local").map(({ name }) => name),
  );
  return chargesOf(rules, clients, keys, cost).filter(
    ({ group, limit }) => group === DECIDING && names.has(limit.rule),
  );
}

function decisionOf({
  passed,
  limits,
  shadows,
  at,
}: Pick<Settlement, "passed" | "limits" | "shadows"> & Pick<Decision, "at">): Decision {
  const waits = limits.map((status) => status.waitMs);
  const never = waits.includes(undefined);
  return {
    allowed: passed,
    reason: passed ? "within-limit" : "over-limit",
    limits,
    shadows,
    retryAfterMs: passed || never ? undefined : Math.max(...waits.map((wait) => wait ?? 0)),
    at,
    counted: "in-store",
  };
}
