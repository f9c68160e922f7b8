/** How the requests in a window are counted; docs/algorithms.md states the bound of each. */
export type Algorithm = "sliding-log" | "sliding-window";

/** What happens to a request when the store does not answer: pass it, refuse it with 503, or count in this process. */
export type OnStoreFailure = "allow" | "deny" | "local";

export type Method = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS";

/**
 * Says who a request belongs to, from what is verified only. Answers undefined where the request
 * names nobody; then the next name of a fallback, or the client's address, is counted.
 */
export type Resolver = (request: Request) => string | undefined | Promise<string | undefined>;

/** An identity is resolved from the request, or given by a handler that calls `limit`. */
export type Identity = Resolver | "from-code";

/** Who can be counted, by name. `ip` and `global` are always there. */
export type Identities<Name extends string = string> = Readonly<Record<Name, Identity>>;

/** Who one limit counts, parsed from a key of `limits`. */
export interface Subject {
  /** As written: "ip", "user|ip", "ip+account", "global". */
  readonly expression: string;
  /** "first": the first name with a value; "all": the combination; "global": everybody together. */
  readonly kind: "first" | "all" | "global";
  readonly names: readonly string[];
}

/** One limit of one rule, ready for the request path. */
export interface CompiledLimit {
  readonly rule: string;
  /** Its name in RateLimit headers: the rule's, and where a rule has several limits, which of them. */
  readonly policyName: string;
  readonly subject: Subject;
  /** Requests (or units of cost) in one window. */
  readonly limit: number;
  /** Milliseconds. */
  readonly windowMs: number;
  readonly algorithm: Algorithm;
  /** What one request takes, in units of the limit. */
  readonly cost: number;
}

export interface CompiledRule {
  readonly name: string;
  readonly match: readonly string[];
  /** Undefined: every method. GET covers HEAD. */
  readonly methods: ReadonlySet<string> | undefined;
  readonly replaces: readonly string[];
  readonly onStoreFailure: OnStoreFailure;
  readonly limits: readonly CompiledLimit[];
}

/** The rules that apply together to one kind of request; the same object for the same set. */
export interface RuleSet {
  /** Stable while the process lives; names the set in caches. */
  readonly id: string;
  readonly rules: readonly CompiledRule[];
  /** The limits of all the rules, in the order of the policy. */
  readonly limits: readonly CompiledLimit[];
  /** The strictest of the rules' modes: deny, then local, then allow. */
  readonly onStoreFailure: OnStoreFailure;
}

export interface CompiledPolicy {
  readonly rules: ReadonlyMap<string, CompiledRule>;
  readonly identities: Identities;
  readonly exempt: readonly { readonly pattern: string; readonly reason: string }[];
  /** The rules that apply to a request, or undefined where none does or the path is exempt. */
  rulesFor(method: string, pathname: string): RuleSet | undefined;
  /** The set of one rule, for calls from code; undefined where no rule has that name. */
  ruleSet(rule: string): RuleSet | undefined;
}
