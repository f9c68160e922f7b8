import type { Resolver, Subject, Wanted } from "#lib/core/client";
import type { Network } from "#lib/core/networks";
import type { OnStoreFailure } from "#lib/core/on-store-failure";
import type { Algorithm } from "#lib/limit/algorithms/all";

export type { Subject } from "#lib/core/client";
export type { OnStoreFailure } from "#lib/core/on-store-failure";
export type { Algorithm } from "#lib/limit/algorithms/all";

/**
 * Whether a rule decides: "enforce"; "shadow", where it is counted and denies no request; or the
 * percentage of its clients for which it decides, such as "25%", while it is in shadow for the others.
 */
export type Mode = "enforce" | "shadow" | `${number}%`;

/**
 * When a request is allowed: "strict" checks with the store first; "optimistic" allows it where the last
 * known count leaves capacity beyond a margin, and reports it to the store after the response.
 */
export type Admit = "strict" | "optimistic";

/**
 * When a response tells how the limits stand, in RateLimit headers: "always", or "denied", where only a
 * denial does. A cache may give an allowed response to other clients.
 */
export type TellsLimits = "always" | "denied";

export type Method = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS";

/** An identity is resolved from the request, or given by a handler that calls `limit`. */
export type Identity = Resolver | "from-code";

/** Who can be counted, by name. `ip` and `global` are always there. */
export type Identities<Name extends string = string> = Readonly<Record<Name, Identity>>;

/** One limit of one rule, ready for the request path. */
export interface CompiledLimit {
  readonly rule: string;
  /** Its name in RateLimit headers: rule, subject and window, such as "search:ip:minute". */
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

/** The limits of a rule by what an identity says of the client, such as its plan. */
export interface CompiledTiers {
  /** The identity's name. */
  readonly identity: string;
  /** The value whose limits hold for clients without one of the values: the first that is written. */
  readonly first: string;
  /** By the identity's value. */
  readonly limits: ReadonlyMap<string, readonly CompiledLimit[]>;
}

/** A rule of a compiled policy. */
export interface CompiledRule {
  readonly name: string;
  readonly match: readonly string[];
  /** Undefined: every method. GET covers HEAD. */
  readonly methods: ReadonlySet<string> | undefined;
  readonly replaces: readonly string[];
  readonly onStoreFailure: OnStoreFailure;
  readonly admit: Admit;
  /** Undefined: "denied" for GET and HEAD, "always" for other methods. */
  readonly headers: TellsLimits | undefined;
  /** The largest body of a request, in bytes; undefined where the rule sets none. */
  readonly maxBody: number | undefined;
  /** How many times its limits a rule's prefetches have apart; undefined where they count as visits. */
  readonly prefetchTimes: number | undefined;
  /** Whether it counts the prefetches of another rule, and nothing else. */
  readonly isForPrefetches?: boolean;
  /** Of how many clients the rule decides, in percent: 100 where it is enforced, 0 in shadow. */
  readonly enforced: number;
  /** Empty where the rule has tiers. */
  readonly limits: readonly CompiledLimit[];
  readonly tiers: CompiledTiers | undefined;
}

/** A rule that is counted for a client and does not decide. */
export interface ShadowRule {
  readonly rule: string;
  readonly limits: readonly CompiledLimit[];
}

/** The rules that apply together to one client's request. */
export interface RuleSet {
  /** The rules that decide. */
  readonly rules: readonly CompiledRule[];
  /** Their limits, in the order of the policy. */
  readonly limits: readonly CompiledLimit[];
  readonly shadows: readonly ShadowRule[];
  /** The strictest of what the deciding rules say: deny, then local, then allow. */
  readonly onStoreFailure: OnStoreFailure;
  /** The smallest `maxBody` of the deciding rules, in bytes; undefined where none sets one. */
  readonly maxBody: number | undefined;
  /** "optimistic" where all rules say so and none is in shadow, whose counts would come too late. */
  readonly admit: Admit;
}

/** The rules that match one reading of a path. */
export interface Reading {
  readonly rules: readonly CompiledRule[];
  /** True where a rule among them may replace another. */
  readonly mayReplace: boolean;
}

/** The rules that match a request. Which of them apply, and with which limits, the client decides. */
export interface Match extends Wanted {
  /** Each rule once, in the order of the readings. */
  readonly rules: readonly CompiledRule[];
  readonly readings: readonly Reading[];
  /** The pattern by which each rule matches, by the rule's name; empty for calls from code. */
  readonly patterns: Readonly<Record<string, string>>;
  /** What applies to every client; undefined where that depends on the client. */
  readonly forAll: RuleSet | undefined;
}

/** A client that the policy allows without counting it, or blocks. */
export interface CompiledListing {
  readonly list: "allow" | "block";
  /** Its place in the list, from 1. */
  readonly place: number;
  /** As it is written: "203.0.113.0/24", "user:ada", or the name of a condition. */
  readonly text: string;
  readonly reason: string;
  /** A network, or the value of an identity; a condition that holds has the value "yes". */
  readonly whom: Network | { readonly identity: string; readonly value: string };
}

/** A policy after its check, in the form in which requests are matched. */
export interface CompiledPolicy {
  readonly rules: ReadonlyMap<string, CompiledRule>;
  readonly identities: Identities;
  /** What paths in other locales begin with, such as "/en". */
  readonly locales: readonly string[];
  /** A resolver for each condition: its value is "yes" where the condition holds. */
  readonly conditions: Readonly<Record<string, Resolver>>;
  readonly listings: readonly CompiledListing[];
  readonly exempt: readonly { readonly pattern: string; readonly reason: string }[];
  /**
   * Returns the rules that match a request; undefined where none does or the path is exempt.
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
  /** Whether some rule counts prefetches apart. */
  readonly tellsPrefetches: boolean;
  /** Returns one rule alone, for calls from code; undefined where no rule has that name. */
  rule(name: string): Match | undefined;
}
