import { formatDuration } from "headgate";
import type {
  Algorithm,
  CompiledLimit,
  CompiledRule,
  CompiledTiers,
  OnStoreFailure,
  Subject,
} from "headgate/policy";

/** One limit as text for people. */
export interface LimitWords {
  /** The clients that the limit is for; undefined for all clients. */
  readonly tier: string | undefined;
  readonly amount: string;
  readonly who: string;
  readonly algorithm: Algorithm;
}

/** A rule as text for people. */
export interface RuleWords {
  readonly name: string;
  /** Undefined when the rule is enforced for all clients. */
  readonly mode: string | undefined;
  readonly paths: readonly string[];
  readonly methods: string;
  readonly limits: readonly LimitWords[];
  /** The rules that this rule replaces. */
  readonly replaces: readonly string[];
  readonly onStoreFailure: string;
}

/** Describes a rule. */
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

/** How each algorithm of the policy counts, and the most that it allows. */
export const ALGORITHMS: Readonly<Partial<Record<Algorithm, string>>> = {
  "sliding-log":
    "Stores the time of every request. No window, wherever it starts, allows more than the limit.",
  "sliding-window":
    "Keeps two counters and fades out the older one. A window allows less than twice the limit.",
  "fixed-window":
    "Keeps a counter for each window of the clock. Up to twice the limit is allowed around a window's edge.",
  "token-bucket":
    "Consumes from a bucket that refills evenly. A window allows less than twice the limit.",
};

const STORE_FAILURE: Readonly<Record<OnStoreFailure, string>> = {
  allow: "allowed, uncounted",
  deny: "denied with 503",
  local: "counted in each instance",
};

/** Identities whose name does not describe the client. */
const CALLED: Readonly<Record<string, string>> = { ip: "address" };

function mode(enforced: number): string | undefined {
  if (enforced === 0) return "shadow: counted, never enforced";
  return enforced < 100 ? `enforced for ${enforced}% of clients` : undefined;
}

function ofTiers({ identity, first, limits }: CompiledTiers): LimitWords[] {
  return [...limits].flatMap(([value, ofValue]) => {
    // The first tier applies to clients without one of the values.
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
  // A client without these identities is counted by address.
  const fallback = names.includes("ip") ? [] : ["address"];
  return [...called, ...fallback].map((name) => `each ${name}`).join(", else ");
}
