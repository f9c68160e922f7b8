import { formatDuration } from "headgate";
import type {
  Algorithm,
  CompiledLimit,
  CompiledRule,
  CompiledTiers,
  OnStoreFailure,
  Subject,
} from "headgate/policy";

/** One limit as people read it. */
export interface LimitWords {
  /** The clients that it is for; undefined: all clients. */
  readonly tier: string | undefined;
  readonly amount: string;
  readonly who: string;
  readonly algorithm: Algorithm;
}

/** A rule as people read it. */
export interface RuleWords {
  readonly name: string;
  /** Undefined where the rule is simply enforced. */
  readonly mode: string | undefined;
  readonly paths: readonly string[];
  readonly methods: string;
  readonly limits: readonly LimitWords[];
  /** The rules that do not apply where this one does. */
  readonly replaces: readonly string[];
  readonly onStoreFailure: string;
}

/** Puts a rule into words. */
export function describeRule(rule: CompiledRule): RuleWords {
  return {
    name: rule.name,
    mode: mode(rule.enforced),
    paths: rule.match,
    methods: rule.methods ? [...rule.methods].join(", ") : "every method but OPTIONS",
    limits: rule.tiers ? ofTiers(rule.tiers) : rule.limits.map((limit) => describe(limit)),
    replaces: rule.replaces,
    onStoreFailure: STORE_FAILURE[rule.onStoreFailure],
  };
}

/** How each algorithm that we use counts, and the most that it admits. */
export const ALGORITHMS: Readonly<Partial<Record<Algorithm, string>>> = {
  "sliding-log": "The time of every request. No window, wherever it begins, admits more.",
  "sliding-window": "Two counters, the older fading. A window admits less than twice the limit.",
  "fixed-window": "A counter for each window of the clock. Across an edge, up to twice the limit.",
  "token-bucket": "A bucket that refills evenly. A window admits less than twice the limit.",
};

const STORE_FAILURE: Readonly<Record<OnStoreFailure, string>> = {
  allow: "allowed, uncounted",
  deny: "denied with 503",
  local: "counted in each instance",
};

/** Identities whose name alone does not say which client is meant. */
const CALLED: Readonly<Record<string, string>> = { ip: "address" };

function mode(enforced: number): string | undefined {
  if (enforced === 0) return "shadow: counted, never enforced";
  return enforced < 100 ? `enforced for ${enforced}% of clients` : undefined;
}

function ofTiers({ identity, first, limits }: CompiledTiers): LimitWords[] {
  return [...limits].flatMap(([value, ofValue]) => {
    // The first tier holds for clients that have none of the values.
    const tier = value === first ? `${identity} ${value}, or none` : `${identity} ${value}`;
    return ofValue.map((limit) => describe(limit, tier));
  });
}

function describe(limit: CompiledLimit, tier?: string): LimitWords {
  const { subject, algorithm } = limit;
  return { tier, amount: amount(limit), who: who(subject), algorithm };
}

function amount({ limit, windowMs, cost }: CompiledLimit): string {
  const quota = `${limit.toLocaleString("en")} per ${formatDuration(windowMs)}`;
  return cost === 1 ? quota : `${quota}, each request costs ${cost}`;
}

function who({ kind, names }: Subject): string {
  if (kind === "global") return "all clients together";
  const called = names.map((name) => CALLED[name] ?? name);
  if (kind === "all") return `each pair of ${called.join(" and ")}`;
  // A client that has none of the identities is counted by address.
  const fallback = names.includes("ip") ? [] : ["address"];
  return [...called, ...fallback].map((name) => `each ${name}`).join(", else ");
}
