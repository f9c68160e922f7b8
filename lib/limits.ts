import { textProblem, wholeProblem } from "#lib/core/argument";
import { BoundedMap } from "#lib/core/bounded-map";
import { monotonic } from "#lib/core/clock";
import { type Decision, uncounted } from "#lib/core/decision";
import { HeadgateError } from "#lib/core/errors";
import type { HeadgateEvent } from "#lib/core/events";
import type { GateMode } from "#lib/core/mode";
import { type Charges, chargesFor, rulesFor } from "#lib/limit/charge";
import type { Outcome } from "#lib/limit/limiter";
import { compileAlone } from "#lib/policy/check/compile";
import { MAX_PRODUCT, MAX_WINDOW_MS, MIN_WINDOW_MS } from "#lib/policy/check/limit";
import type { AnyPolicy, IdentityName, RuleName } from "#lib/policy/define";
import { PolicyError } from "#lib/policy/errors";
import type { Match } from "#lib/policy/types";
import { catchUp, follow } from "./follow.ts";
import { blockedBy, entryFor, holdingFor, rulesHolding, uncountedBy } from "./holding.ts";
import type { HeadgateOptions } from "./options.ts";
import { type Parts, partsOf } from "./parts.ts";

export interface LimitOptions {
  /**
   * What this call takes, in units of the limit: a whole number from 1.
   * @default the rule's cost
   */
  readonly cost?: number;
  /** Names what `identities` does not: the address, and identities with a resolver. */
  readonly request?: Request;
}

/** The gate's limits for handlers and Server Actions: what only they know, they count here. */
export interface Limits<Rule extends string, Name extends string> {
  /**
   * Consumes from all limits of a rule for the given identities, or from none. Never throws: where the
   * store fails, the rule's `onStoreFailure` decides, and a call with a wrong rule, value or cost is a
   * denied decision whose `error` says why.
   */
  limit: (rule: Rule, identities: Given<Name>, options?: LimitOptions) => Promise<Decision>;
  /** Returns how the rule's limits stand for its own cost, and consumes nothing. */
  peek: (
    rule: Rule,
    identities: Given<Name>,
    options?: Pick<LimitOptions, "request">,
  ) => Promise<Decision>;
  /** Gives back what an allowed decision of `limit` consumed, once, and returns the units given back. */
  refund: (decision: Decision) => Promise<number>;
  /**
   * Counts a request in a sliding window of its own, and returns whether it is within `limit` in the
   * last `windowMs` milliseconds. The key is hashed before it is stored.
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

/** Values as a caller gives them. */
type GivenValues = Readonly<Record<string, string | undefined>>;

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
  return limitsOver(partsOf(policy, options), options);
}

/** Makes the limits over parts that are made already. */
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
  /** What each decision consumed: a decision is plain data, so a refund finds it here. */
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
      // A request alone meets a condition: `given` may be what a client sent.
      new Map(Object.entries(given).filter(([name]) => !Object.hasOwn(policy.conditions, name))),
      request,
    );
    const rules = rulesHolding(holding, holding.match, client);
    const charges = chargesFor(rules, client, keys, does === "consume" ? cost : undefined);
    const entry = entryFor(holding, client);
    const decision = entry?.list === "block" ? blockedBy(entry) : uncountedBy(entry, charges);
    return this.#decide(does, { charges, noticed, mode: holding.mode, decision });
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

  /** That it is on again is read by such calls too: a process may make no others. */
  #switchedOff(): Decision {
    const { live } = this.#parts;
    if (live) catchUp(live, this.#parts);
    return SWITCHED_OFF;
  }

  /** Decides by the limits, unless something else has decided already. */
  async #decide(
    does: "consume" | "peek",
    { charges, noticed, mode, decision: made }: Deciding,
  ): Promise<Decision> {
    const { limiter, observer, live } = this.#parts;
    const startedAt = monotonic();
    const outcome = made ? { decision: made } : await limiter[does](charges);
    const tookMs = monotonic() - startedAt;
    // A handler's call has no `waitUntil`; what follows never rejects.
    if (does === "consume" || outcome.decision.error) {
      void follow(this.#parts, { outcome, charges, noticed, mode, tookMs });
    } else if (noticed.length > 0) void observer.after(noticed);
    if (live) catchUp(live, this.#parts);
    const decision = mode === "enforce" ? outcome.decision : { ...outcome.decision, allowed: true };
    this.#outcomes.set(decision, outcome);
    return decision;
  }
}

/** What a call is decided by. */
interface Deciding {
  readonly charges: Charges;
  readonly noticed: readonly HeadgateEvent[];
  readonly mode: GateMode;
  /** The decision that needs no count; undefined where limits decide. */
  readonly decision: Decision | undefined;
}

/** No rule of a policy can have this name: it has a capital. */
const CUSTOM_RULE = "checkRateLimit";
const CUSTOM_SUBJECT = "key";

/** Compiled limits of `checkRateLimit`: an app calls few of them, often. */
const customRules = new BoundedMap<string, Match>(100);

/** A rule of one limit that no policy names, checked as a policy's are. */
function customRule(limit: number, windowMs: number): Match {
  // Numbers alone: a policy's window may be a text too.
  const problem =
    wholeProblem("limit", limit, 1) ??
    wholeProblem("windowMs", windowMs, MIN_WINDOW_MS, MAX_WINDOW_MS, "milliseconds");
  if (problem !== undefined) throw badArgument(problem);
  const id = `${limit} ${windowMs}`;
  const known = customRules.get(id);
  if (known) return known;
  try {
    const match = compileAlone(CUSTOM_RULE, CUSTOM_SUBJECT, { limit, window: windowMs });
    customRules.set(id, match);
    return match;
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    const most = Math.floor(MAX_PRODUCT / windowMs);
    throw badArgument(
      `limit is ${limit} and windowMs is ${windowMs}; allowed: at most ${most} in this window.`,
    );
  }
}

function badArgument(problem: string): HeadgateError {
  return new HeadgateError("LIMIT_BAD_ARGUMENT", `checkRateLimit: ${problem}`);
}

const SWITCHED_OFF = uncounted(true, "switched-off");

function invalid(code: "LIMIT_UNKNOWN_RULE" | "LIMIT_BAD_ARGUMENT", message: string): Decision {
  return uncounted(false, "invalid-call", { error: new HeadgateError(code, message) });
}

/** Returns why a call cannot be; undefined for one that can. Its values may be a request's own JSON. */
function problemOf(given: unknown, { cost, request }: LimitOptions): string | undefined {
  const wrongCost = cost === undefined ? undefined : wholeProblem("cost", cost, 1);
  if (wrongCost !== undefined) return wrongCost;
  if (typeof given !== "object" || given === null) {
    return `identities is ${given === null ? "null" : `a ${typeof given}`}; allowed: an object.`;
  }
  if (
    request !== undefined &&
    typeof (request as Partial<Request> | null)?.headers?.get !== "function"
  ) {
    return "request has no headers; allowed: a Request, or undefined.";
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
