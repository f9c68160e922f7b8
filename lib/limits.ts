import { textProblem } from "#lib/core/argument";
import { monotonic } from "#lib/core/clock";
import { type Decision, uncounted } from "#lib/core/decision";
import { HeadgateError } from "#lib/core/errors";
import type { HeadgateEvent } from "#lib/core/events";
import type { GateMode } from "#lib/core/mode";
import { type Charges, chargesFor, rulesFor } from "#lib/limit/charge";
import type { Outcome } from "#lib/limit/limiter";
import type { AnyPolicy, IdentityName, RuleName } from "#lib/policy/define";
import { badArgument, CUSTOM_SUBJECT, customRule } from "./custom-rule.ts";
import { catchUp, finishCheck } from "./after-response.ts";
import { blockedBy, entryFor, holdingFor, rulesHolding, uncountedBy } from "./holding.ts";
import { problemOf, unknownRule } from "./limit-arguments.ts";
import type { HeadgateOptions } from "./options.ts";
import { type Parts, partsOf } from "./parts.ts";

/** Options of a call of `limit`. */
export interface LimitOptions {
  /**
   * The units that this call consumes: a whole number from 1.
   * @default the rule's cost
   * @example
   * await gate.limits.limit("search", { ip: "203.0.113.7" }, { cost: 5 });
   */
  readonly cost?: number;
  /**
   * The request from which the address and identities are resolved that the call does not give.
   * @default no request: only the given identities are known
   * @example
   * await gate.limits.limit("search", { user: "ada" }, { request });
   */
  readonly request?: Request;
}

/** The gate's limits for handlers and Server Actions, which may know identities that the middleware does not. */
export interface Limits<Rule extends string, Name extends string> {
  /**
   * Consumes from all limits of a rule for the given identities, or from none of them. Never throws: when
   * the store fails, the rule's `onStoreFailure` decides. A call with a wrong rule, value or cost returns a
   * denied decision whose `error` has the reason.
   */
  limit: (rule: Rule, identities: Given<Name>, options?: LimitOptions) => Promise<Decision>;
  /** Returns the decision that `limit` would make for the rule's own cost, and consumes nothing. */
  peek: (
    rule: Rule,
    identities: Given<Name>,
    options?: Pick<LimitOptions, "request">,
  ) => Promise<Decision>;
  /** Refunds the units that an allowed decision of `limit` consumed, once, and returns their number. */
  refund: (decision: Decision) => Promise<number>;
  /**
   * Counts a request of a key in a sliding window that no rule declares, and returns whether the key is
   * within `limit` requests in the last `windowMs` milliseconds. The key is hashed before it is stored.
   *
   * @throws {HeadgateError} LIMIT_BAD_ARGUMENT
   */
  checkRateLimit: (key: string, limit: number, windowMs: number) => Promise<SimpleResult>;
}

/** The values that a handler gives, by the name of their identity. */
export type Given<Name extends string> = { readonly [N in Name | "ip"]?: string };

export interface SimpleResult {
  readonly success: boolean;
  readonly remaining: number;
  /** Milliseconds until the same call succeeds; 0 when it did. */
  readonly retryAfter: number;
}

/** The values of a call, before they are checked. */
type GivenValues = Readonly<Record<string, string | undefined>>;

/**
 * Makes the limits of a policy for calls from code.
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
  return limitsOver(partsOf(policy, options), options);
}

/** Makes the limits from the parts of a gate. */
export function limitsOver<Rule extends string, Name extends string>(
  parts: Parts,
  { mode = "enforce" }: Pick<HeadgateOptions, "mode">,
): Limits<Rule, Name> {
  const calls = new Calls(parts, mode);
  return {
    limit: (rule, identities, more) => calls.check("consume", rule, identities, more),
    peek: (rule, identities, more) => calls.check("peek", rule, identities, more),
    refund: (decision) => calls.refund(decision),
    async checkRateLimit(key, limit, windowMs) {
      const decision = await calls.checkKey(key, limit, windowMs);
      return {
        success: decision.allowed,
        remaining: decision.limits[0]?.remaining ?? limit,
        retryAfter: decision.retryAfterMs ?? 0,
      };
    },
  };
}

/** Checks calls from code. */
class Calls {
  readonly #parts: Parts;
  readonly #mode: GateMode;
  /** The outcome of each decision, for its refund. A decision itself is plain data and does not hold it. */
  readonly #outcomes = new WeakMap<Decision, Outcome>();

  constructor(parts: Parts, mode: GateMode) {
    this.#parts = parts;
    this.#mode = mode;
  }

  async check(
    does: "consume" | "peek",
    rule: string,
    given: GivenValues,
    options: LimitOptions | null = {},
  ): Promise<Decision> {
    const { policy, identifier, keys } = this.#parts;
    const { cost, request } = options ?? {};
    const match = policy.rule(rule);
    if (!match) return invalid("LIMIT_UNKNOWN_RULE", unknownRule(rule, policy.rules.keys()));
    const problem = problemOf(given, options ?? {});
    if (problem !== undefined) return invalid("LIMIT_BAD_ARGUMENT", problem);
    const holding = holdingFor(this.#parts, match, this.#mode);
    if (!holding.match || holding.mode === "off") return this.#switchedOff();
    const { client, noticed } = await identifier.fromCode(
      holding.wanted ?? holding.match,
      // Only the request decides conditions: `given` may hold values that a client sent.
      new Map(Object.entries(given).filter(([name]) => !Object.hasOwn(policy.conditions, name))),
      request,
    );
    const rules = rulesHolding(holding, holding.match, client);
    const charges = chargesFor(rules, client, keys, does === "consume" ? cost : undefined);
    const entry = entryFor(holding, client);
    const decision = entry?.list === "block" ? blockedBy(entry) : uncountedBy(entry, charges);
    return this.#decide(does, { charges, noticed, mode: holding.mode, decision, request });
  }

  async checkKey(key: unknown, limit: number, windowMs: number): Promise<Decision> {
    const { identifier, keys } = this.#parts;
    const problem = textProblem("key", key);
    if (problem !== undefined) throw badArgument(problem);
    const rule = customRule(limit, windowMs);
    const { mode } = holdingFor(this.#parts, undefined, this.#mode);
    if (mode === "off") return this.#switchedOff();
    const client = identifier.ofKey(CUSTOM_SUBJECT, String(key));
    const charges = chargesFor(rulesFor(rule, client), client, keys);
    return this.#decide("consume", { charges, noticed: [], mode, decision: undefined });
  }

  async refund(decision: Decision): Promise<number> {
    const outcome = this.#outcomes.get(decision);
    this.#outcomes.delete(decision);
    return outcome ? this.#parts.limiter.refund(outcome) : 0;
  }

  /** Also reads what is set while the app runs: a process that makes no other calls must learn of a new mode. */
  #switchedOff(): Decision {
    const { live } = this.#parts;
    if (live) catchUp(live, this.#parts);
    return SWITCHED_OFF;
  }

  /** Checks the limits, unless `made` decides. */
  async #decide(
    does: "consume" | "peek",
    { charges, noticed, mode, decision: made, request }: Deciding,
  ): Promise<Decision> {
    const { limiter, observer, live } = this.#parts;
    const startedAt = monotonic();
    const outcome = made ? { decision: made } : await limiter[does](charges);
    const tookMs = monotonic() - startedAt;
    // A handler's call has no `waitUntil`; `finishCheck` never rejects.
    if (does === "consume" || outcome.decision.error) {
      void finishCheck(this.#parts, { outcome, charges, noticed, mode, tookMs, request });
    } else if (noticed.length > 0) void observer.after(noticed);
    if (live) catchUp(live, this.#parts);
    const decision = mode === "enforce" ? outcome.decision : { ...outcome.decision, allowed: true };
    this.#outcomes.set(decision, outcome);
    return decision;
  }
}

/** A call, with all that decides it. */
interface Deciding {
  readonly charges: Charges;
  readonly noticed: readonly HeadgateEvent[];
  readonly mode: GateMode;
  /** The decision that needs no count; undefined when the limits decide. */
  readonly decision: Decision | undefined;
  /** The request that the caller gave. */
  readonly request?: Request | undefined;
}

const SWITCHED_OFF = uncounted(true, "switched-off");

function invalid(code: "LIMIT_UNKNOWN_RULE" | "LIMIT_BAD_ARGUMENT", message: string): Decision {
  return uncounted(false, "invalid-call", { error: new HeadgateError(code, message) });
}
