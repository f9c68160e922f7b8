import type { Resolver, Subject, Wanted } from "#lib/core/client";
import type { Network } from "#lib/core/networks";
import type { OnStoreFailure } from "#lib/core/on-store-failure";
import type { Algorithm } from "#lib/limit/algorithms/all";

export type { Subject } from "#lib/core/client";
export type { OnStoreFailure } from "#lib/core/on-store-failure";
export type { Algorithm } from "#lib/limit/algorithms/all";

/**
 * Whether a rule is enforced: "enforce"; "shadow", so that it is counted and denies no request; or the
 * percentage of its clients for which it is enforced, such as "25%", while it is in shadow for the others.
 */
export type Mode = "enforce" | "shadow" | `${number}%`;

/**
 * When a request is allowed: "strict" waits for the store; "optimistic" allows it while the last known count
 * leaves capacity beyond a margin, and reports it to the store after the response.
 */
export type Admit = "strict" | "optimistic";

/**
 * Which responses have RateLimit headers with the state of the limits: "always" for all, "denied" for denials
 * only. A cache may serve an allowed response to other clients.
 */
export type TellsLimits = "always" | "denied";

export type Method = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS";

/**
 * An identity is resolved from the request, or passed by a handler that calls `limit` ("from-code"). Its value
 * is a text of 1 to 1,024 characters. A resolver that throws or is late has no value.
 */
export type Identity = Resolver | "from-code";

/** The identities that can be counted, by name. `ip` and `global` always exist. */
export type Identities<Name extends string = string> = Readonly<Record<Name, Identity>>;

/** One limit of one rule, ready for the request path. */
export interface CompiledLimit {
  readonly rule: string;
  /** The limit's name in RateLimit headers: rule, subject and window, such as "search:ip:minute". */
  readonly policyName: string;
  readonly subject: Subject;
  /** Requests (or units of cost) in one window. */
  readonly limit: number;
  /** The length of one window, in milliseconds. */
  readonly windowMs: number;
  readonly algorithm: Algorithm;
  /** The units that one request consumes. */
  readonly cost: number;
}

/** The limits of a rule by the value of an identity, such as the client's plan. */
export interface CompiledTiers {
  /** The identity's name. */
  readonly identity: string;
  /** The value whose limits apply to clients with no listed value: the first in the policy. */
  readonly first: string;
  /** By the identity's value. */
  readonly limits: ReadonlyMap<string, readonly CompiledLimit[]>;
}

/** A rule of a compiled policy. */
export interface CompiledRule {
  readonly name: string;
  readonly match: readonly string[];
  /** Undefined means every method but OPTIONS. GET covers HEAD. */
  readonly methods: ReadonlySet<string> | undefined;
  readonly replaces: readonly string[];
  readonly onStoreFailure: OnStoreFailure;
  readonly admit: Admit;
  /** Undefined means "denied" for GET and HEAD, "always" for other methods. */
  readonly headers: TellsLimits | undefined;
  /** The largest body of a request, in bytes; undefined when the rule sets no bound. */
  readonly maxBody: number | undefined;
  /** The factor of the separate limits for prefetches; undefined when prefetches count as visits. */
  readonly prefetchTimes: number | undefined;
  /** Whether it counts only the prefetches of another rule. */
  readonly isForPrefetches?: boolean;
  /** The percentage of clients for which the rule is enforced: 0 in shadow. */
  readonly enforced: number;
  /** Empty when the rule has tiers. */
  readonly limits: readonly CompiledLimit[];
  readonly tiers: CompiledTiers | undefined;
}

/** A rule that is in shadow for a client. */
export interface ShadowRule {
  readonly rule: string;
  readonly limits: readonly CompiledLimit[];
}

/** The rules that apply together to one client's request. */
export interface RuleSet {
  /** The enforced rules. */
  readonly rules: readonly CompiledRule[];
  /** The limits of the enforced rules, in the order of the policy. */
  readonly limits: readonly CompiledLimit[];
  readonly shadows: readonly ShadowRule[];
  /** The strictest `onStoreFailure` of the enforced rules: deny, then local, then allow. */
  readonly onStoreFailure: OnStoreFailure;
  /** The smallest `maxBody` of the enforced rules, in bytes; undefined when no rule sets one. */
  readonly maxBody: number | undefined;
  /** "optimistic" when all rules are and none is in shadow, whose counts would be too late. */
  readonly admit: Admit;
}

/** The rules that match one reading of a path. */
export interface Reading {
  readonly rules: readonly CompiledRule[];
  /** True when a rule among them may replace another. */
  readonly mayReplace: boolean;
}

/** The rules that match a request. The client determines which of them apply, and with which limits. */
export interface Match extends Wanted {
  /** Each rule once, in the order of the readings. */
  readonly rules: readonly CompiledRule[];
  readonly readings: readonly Reading[];
  /** The pattern by which each rule matches, by the rule's name; empty for calls from code. */
  readonly patterns: Readonly<Record<string, string>>;
  /** The rules that apply to every client; undefined when they depend on the client. */
  readonly forAll: RuleSet | undefined;
}

/** A client that the policy allows without counting it, or blocks. */
export interface CompiledListing {
  readonly list: "allow" | "block";
  /** Its place in the list, from 1. */
  readonly place: number;
  /** The entry's text in the policy: "203.0.113.0/24", "user:ada", or the name of a condition. */
  readonly text: string;
  readonly reason: string;
  /** A network, or the value of an identity; a condition that is met has the value "yes". */
  readonly client: Network | { readonly identity: string; readonly value: string };
}

/** A policy after its check, in the form in which requests are matched. */
export interface CompiledPolicy {
  readonly rules: ReadonlyMap<string, CompiledRule>;
  readonly identities: Identities;
  /** The beginnings of paths in other locales, such as "/en". */
  readonly locales: readonly string[];
  /** A resolver for each condition: its value is "yes" when the condition is met. */
  readonly conditions: Readonly<Record<string, Resolver>>;
  readonly listings: readonly CompiledListing[];
  readonly exempt: readonly { readonly pattern: string; readonly reason: string }[];
  /**
   * Returns the rules that match a request; undefined when no rule does or the path is exempt.
   *
   * @param hasLocales whether the app has locales (`i18n` of next.config)
   * @param prefetches whether the request is a prefetch
   */
  match(
    method: string,
    pathname: string,
    hasLocales?: boolean,
    prefetches?: boolean,
  ): Match | undefined;
  /** Whether at least one rule has separate limits for prefetches. */
  readonly tellsPrefetches: boolean;
  /** Returns one rule alone, for calls from code; undefined when no rule has that name. */
  rule(name: string): Match | undefined;
}
