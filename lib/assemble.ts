import type { Decision } from "#lib/core/decision";
import { type AddressSource, canonicalAddress, clientAddress } from "#lib/identity/address";
import { clientOf, type IdentityValues, resolveIdentities } from "#lib/identity/identify";
import { createPseudonym } from "#lib/identity/pseudonym";
import { createLimiter, type Limiter } from "#lib/limit/limiter";
import type { HeadgateEvent, Listener } from "#lib/observe/events";
import { compilePolicy } from "#lib/policy/compile";
import type { AnyPolicy } from "#lib/policy/define";
import type { CompiledPolicy, RuleSet } from "#lib/policy/types";
import type { Redis } from "#lib/redis/client";
import { keyNames } from "#lib/redis/keys";
import type { Cors } from "#lib/respond/cors";

/** What the gate needs from the app around it. */
export interface HeadgateOptions {
  /** A client of {@link createRedis}. */
  readonly redis: Redis;
  /** What keys begin with: one for each environment. */
  readonly namespace: string;
  /** Keys the hashes that stand for clients; the same on all instances of one store. */
  readonly secret: string;
  /** Where addresses come from; undefined counts everybody as one client. */
  readonly addressSource: AddressSource | undefined;
  /**
   * Origins that may read the answers of checked routes: refusals and rate-limit headers included.
   * @default none
   */
  readonly cors?: Cors;
  /**
   * Whether X-RateLimit-* headers are sent beside the standard ones.
   * @default false
   */
  readonly legacyHeaders?: boolean;
  /** Words a refusal; undefined leaves it to Headgate. Rate-limit headers are added to it. */
  readonly onDenied?: (
    request: Request,
    decision: Decision,
  ) => Response | undefined | Promise<Response | undefined>;
  /** Hears of every decision and failure, after the answer. */
  readonly onEvent?: Listener;
}

/** The rooms joined for one policy: made once, at start. */
export interface Parts {
  readonly policy: CompiledPolicy;
  readonly limiter: Limiter;
  /** The pseudonym of each limit's client for a request, in the order of `rules.limits`. */
  clientsOf(rules: RuleSet, request: Request): Promise<string[]>;
  /** The same from values that a handler knows; those of `request`, if given, stand behind them. */
  clientsFrom(
    rules: RuleSet,
    given: IdentityValues,
    request: Request | undefined,
  ): Promise<string[]>;
  /** Tells the listener, after the answer. Never rejects. */
  report(event: HeadgateEvent): Promise<void>;
}

/**
 * Joins the rooms.
 *
 * @throws {PolicyError} with every problem of the policy
 */
export function assemble(policy: AnyPolicy, options: HeadgateOptions): Parts {
  const compiled = compilePolicy(policy);
  const pseudonym = createPseudonym(options.secret);
  const report = async (event: HeadgateEvent): Promise<void> => {
    // A turn of the event loop later, so that the answer is out before a listener runs.
    await new Promise((resolve) => setTimeout(resolve, 0));
    try {
      await options.onEvent?.(event);
    } catch {
      // A listener's failure is its own: no request and no process is lost to it.
    }
  };

  const resolve = (rules: RuleSet, request: Request) =>
    resolveIdentities(namesOf(rules), compiled.identities, request, (name, error) => {
      void report({ kind: "failure", what: `identity ${name}`, error });
    });
  const name = (rules: RuleSet, values: IdentityValues, address: string) =>
    rules.limits.map((limit) => clientOf(limit.subject, values, address, pseudonym));

  return {
    policy: compiled,
    limiter: createLimiter(options.redis, keyNames(options.namespace)),
    report,
    async clientsOf(rules, request) {
      const values = await resolve(rules, request);
      return name(rules, values, clientAddress(request.headers, options.addressSource));
    },
    async clientsFrom(rules, given, request) {
      const resolved = request ? await resolve(rules, request) : [];
      // An empty value says no more than a missing one, and must not hide what the request proves.
      const known = new Map([...given].filter(([, value]) => value !== undefined && value !== ""));
      const ip = known.get("ip");
      const address =
        ip === undefined && request
          ? clientAddress(request.headers, options.addressSource)
          : canonicalAddress(ip);
      return name(rules, new Map([...resolved, ...known]), address);
    },
  };
}

function namesOf(rules: RuleSet): Set<string> {
  return new Set(rules.limits.flatMap((limit) => limit.subject.names));
}

/** A decision as listeners hear of it. `tookMs`: milliseconds from asking to deciding. */
export function decisionEvent(rules: RuleSet, decision: Decision, tookMs: number): HeadgateEvent {
  const names = rules.rules.map((rule) => rule.name);
  const { onStoreFailure } = rules;
  return { kind: "decision", rules: names, decision, onStoreFailure, tookMs };
}
