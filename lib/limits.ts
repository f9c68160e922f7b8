import { type Asked, assemble, type Parts } from "./assemble.ts";
import type { HeadgateOptions } from "./options.ts";
import { monotonic } from "#lib/core/clock";
import { type Decision, uncounted } from "#lib/core/decision";
import { HeadgateError } from "#lib/core/errors";
import { keyProblem } from "#lib/core/key";
import { defaultAlgorithm } from "#lib/limit/algorithms/all";
import type { AnyPolicy, IdentityName, RuleName } from "#lib/policy/define";
import { MAX_PRODUCT, MAX_WINDOW_MS, MIN_WINDOW_MS } from "#lib/policy/check/limit";
import type { CompiledLimit, CompiledRule, RuleSet } from "#lib/policy/types";

export interface LimitOptions {
  /**
   * What this call takes, in units of the limit: a whole number from 1.
   * @default the rule's cost
   */
  readonly cost?: number;
  /** Names whoever `identities` does not: the address, and identities with a resolver. */
  readonly request?: Request;
}

/** The gate's limits for handlers and Server Actions: what only they know, they count here. */
export interface Limits<Rule extends string, Name extends string> {
  /**
   * Takes from a rule's limits for the given identities, or from none. Never throws: where the
   * store fails the rule's `onStoreFailure` decides, and a call that cannot be is a denied decision
   * whose `error` says why.
   */
  limit: (rule: Rule, identities: Given<Name>, options?: LimitOptions) => Promise<Decision>;
  /** How the rule's limits stand; takes nothing. */
  peek: (
    rule: Rule,
    identities: Given<Name>,
    options?: Pick<LimitOptions, "request">,
  ) => Promise<Decision>;
  /** Gives back what an allowed decision of `limit` took, once; answers the units given back. */
  refund: (decision: Decision) => Promise<number>;
  /**
   * One sliding window by name, as the seed had it: counts a request and says whether it is within
   * `limit` in the last `windowMs` milliseconds. The key is hashed before it is stored.
   *
   * @throws {HeadgateError} LIMIT_BAD_ARGUMENT
   */
  checkRateLimit: (key: string, limit: number, windowMs: number) => Promise<SimpleResult>;
}

/** The values that a handler knows, by identity. */
export type Given<Name extends string> = { readonly [N in Name | "ip"]?: string };

export interface SimpleResult {
  readonly success: boolean;
  readonly remaining: number;
  /** Milliseconds until the same call succeeds; 0 when it did. */
  readonly retryAfter: number;
}

/** No rule of a policy can have this name: it has a capital. */
const CUSTOM_RULE = "checkRateLimit";

/**
 * Makes the limits of a policy callable from code.
 *
 * @throws {PolicyError} at start, with every problem of the policy
 * @example
 * const limits = createLimits(policy, options);
 * const { allowed } = await limits.limit("search", { user: "ada" });
 */
export function createLimits<P extends AnyPolicy>(
  policy: P,
  options: HeadgateOptions,
): Limits<RuleName<P>, IdentityName<P>> {
  return limitsOver(assemble(policy, options), options);
}

/** Makes the limits over rooms that are joined already. */
export function limitsOver<Rule extends string, Name extends string>(
  gate: Parts,
  { mode = "enforce" }: Pick<HeadgateOptions, "mode">,
): Limits<Rule, Name> {
  // What was really decided, where everybody is let by.
  const decided = new WeakMap<Decision, Decision>();

  async function settle(
    does: "take" | "peek",
    rule: string,
    given: Readonly<Record<string, string | undefined>>,
    options: LimitOptions | null = {},
  ): Promise<Decision> {
    const { cost, request } = options ?? {};
    const candidates = gate.policy.rule(rule);
    if (!candidates)
      return invalid("LIMIT_UNKNOWN_RULE", unknownRule(rule, gate.policy.rules.keys()));
    const problem = problemOf(given, cost);
    if (problem !== undefined) return invalid("LIMIT_BAD_ARGUMENT", problem);
    const known = new Map(Object.entries(given));
    return decide(does, await gate.askerFrom(candidates, known, request, unawaited), cost);
  }

  async function decide(
    does: "take" | "peek",
    asker: Asked,
    cost: number | undefined,
  ): Promise<Decision> {
    if (mode === "off") return SWITCHED_OFF;
    const asked = monotonic();
    const decision = await gate.limiter[does](asker.rules, asker.clients, cost);
    // Looking decides nothing; only that it failed is worth hearing of.
    if (does === "take" || decision.error) {
      unawaited(gate.follow(asker, decision, { tookMs: monotonic() - asked }));
    }
    if (mode === "enforce") return decision;
    const told = { ...decision, allowed: true };
    decided.set(told, decision);
    return told;
  }

  return {
    limit: (rule, identities, more) => settle("take", rule, identities, more),
    peek: (rule, identities, more) => settle("peek", rule, identities, more),
    refund: (decision) => gate.limiter.refund(decided.get(decision) ?? decision),
    async checkRateLimit(key, limit, windowMs) {
      checkKey(key);
      // No identity, which could be missing and then be somebody else's: every text is a key.
      const clients = [gate.keyedHash("key", key)];
      const decision = await decide(
        "take",
        { rules: singleLimit(limit, windowMs), clients, addressKnown: true },
        undefined,
      );
      return {
        success: decision.allowed,
        remaining: decision.limits[0]?.remaining ?? limit,
        retryAfter: decision.retryAfterMs ?? 0,
      };
    },
  };
}

function checkKey(key: unknown): void {
  const problem = keyProblem(key);
  if (problem === undefined) return;
  throw badArgument(problem);
}

function badArgument(problem: string): HeadgateError {
  return new HeadgateError("LIMIT_BAD_ARGUMENT", `checkRateLimit: ${problem}`);
}

/** A rule of one limit that no policy names. Not cached: it is as cheap to make as to look up. */
function singleLimit(limit: number, windowMs: number): RuleSet {
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw badArgument(`limit is ${limit}; allowed: a whole number from 1.`);
  }
  if (!Number.isSafeInteger(windowMs) || windowMs < MIN_WINDOW_MS || windowMs > MAX_WINDOW_MS) {
    throw badArgument(
      `windowMs is ${windowMs}; allowed: a whole number of milliseconds from ${MIN_WINDOW_MS} (1 s) to ${MAX_WINDOW_MS} (31 days).`,
    );
  }
  if (limit * windowMs > MAX_PRODUCT) {
    const most = Math.floor(MAX_PRODUCT / windowMs);
    throw badArgument(`limit is ${limit}; allowed: at most ${most} in a window of ${windowMs} ms.`);
  }
  const compiled: CompiledLimit = {
    rule: CUSTOM_RULE,
    policyName: "custom",
    subject: { expression: "key", kind: "first", names: ["key"] },
    limit,
    windowMs,
    algorithm: defaultAlgorithm(limit),
    cost: 1,
  };
  const rule: CompiledRule = {
    name: CUSTOM_RULE,
    match: [],
    methods: undefined,
    replaces: [],
    onStoreFailure: "allow",
    admit: "strict",
    headers: undefined,
    prefetchTimes: undefined,
    maxBody: undefined,
    enforced: 100,
    limits: [compiled],
    tiers: undefined,
  };
  return {
    rules: [rule],
    limits: [compiled],
    shadows: [],
    onStoreFailure: "allow",
    maxBody: undefined,
    admit: "strict",
  };
}

const SWITCHED_OFF = uncounted(true, "switched-off");

/** A handler's call has nobody to hand work to; what reports of it never rejects. */
function unawaited(work: Promise<unknown> | undefined): void {
  void work;
}

function invalid(code: "LIMIT_UNKNOWN_RULE" | "LIMIT_BAD_ARGUMENT", message: string): Decision {
  return uncounted(false, "invalid-call", { error: new HeadgateError(code, message) });
}

/** Returns why a call cannot be; undefined for one that can. Its values may be a request's own JSON. */
function problemOf(given: unknown, cost: number | undefined): string | undefined {
  if (cost !== undefined && (!Number.isSafeInteger(cost) || cost < 1)) {
    return `cost is ${cost}; allowed: a whole number from 1.`;
  }
  if (typeof given !== "object" || given === null) {
    return `identities is ${given === null ? "null" : `a ${typeof given}`}; allowed: an object.`;
  }
  const wrong = Object.entries(given).find(
    ([, value]) => value !== undefined && typeof value !== "string",
  );
  if (!wrong) return undefined;
  const [name, value] = wrong as [string, unknown];
  return `${name} is a ${typeof value}; allowed: text, or undefined where it is not known.`;
}

function unknownRule(rule: string, known: Iterable<string>): string {
  return `There is no rule ${JSON.stringify(rule)}. Known: ${[...known].join(", ")}.`;
}
