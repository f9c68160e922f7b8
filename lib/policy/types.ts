import type { Counted, Resolver } from "#lib/core/client";
import type { OnStoreFailure } from "#lib/core/on-store-failure";
import type { Algorithm } from "#lib/limit/algorithms/all";

export type { OnStoreFailure } from "#lib/core/on-store-failure";
export type { Algorithm } from "#lib/limit/algorithms/all";

/**
 * Whether a rule decides: "enforce"; "shadow", where it is counted and refuses nobody; or for how
 * many of its clients it decides, such as "25%", while it is in shadow for the others.
 */
export type Mode = "enforce" | "shadow" | `${number}%`;

/**
 * When a request passes that has room: "strict" asks the store first; "optimistic" lets it pass where
 * the last known count leaves room beyond a margin, and reports it after the answer.
 */
export type Admit = "strict" | "optimistic";

/**
 * When an answer tells its client how the limits stand, in RateLimit headers: "always", or "denied",
 * where only a denial does. A cache may give an allowed answer to other clients.
 */
export type TellsLimits = "always" | "denied";

export type Method = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS";

/** An identity is resolved from the request, or given by a handler that calls `limit`. */
export type Identity = Resolver | "from-code";

/** Who can be counted, by name. `ip` and `global` are always there. */
export type Identities<Name extends string = string> = Readonly<Record<Name, Identity>>;

/** Who one limit counts, read from a key of `limits`. */
export interface Subject extends Counted {
  /** As written: "ip", "user|ip", "ip+account", "global". */
  readonly expression: string;
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

/** The limits of a rule by what an identity says of the client, such as its plan. */
export interface CompiledTiers {
  /** The identity's name. */
  readonly identity: string;
  /** The value whose limits hold for whoever has none of them: the first that is written. */
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

/** The rules that apply together to one client's request; the same object for the same set. */
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

/** What has to be known of a client before it is clear which limits are its own. */
export interface Asker {
  /** The value of an identity; undefined where the client has none. */
  identity(name: string): string | undefined;
  /** Whether the rule, with these limits, decides for this client. Asked for percentages only. */
  isEnforced(rule: CompiledRule, limits: readonly CompiledLimit[]): boolean;
}

/** The rules that match a request. */
export interface Candidates {
  /** Every identity that the rules count, or choose a tier by. */
  readonly identities: readonly string[];
  /** Those that apply to one client, with the limits of its tier. */
  applyTo(asker: Asker): RuleSet;
}

/** A policy after its check, in the form in which requests are matched. */
export interface CompiledPolicy {
  readonly rules: ReadonlyMap<string, CompiledRule>;
  readonly identities: Identities;
  /** What paths in other locales begin with, such as "/en". */
  readonly locales: readonly string[];
  readonly exempt: readonly { readonly pattern: string; readonly reason: string }[];
  /**
   * The rules that apply to a request, or undefined where none does or the path is exempt.
   *
   * @param hasLocales whether the app has locales (`i18n` of next.config)
   * @param prefetches whether the request is a prefetch
   */
  rulesFor(
    method: string,
    pathname: string,
    hasLocales?: boolean,
    prefetches?: boolean,
  ): Candidates | undefined;
  /** Whether some rule counts prefetches apart. */
  readonly tellsPrefetches: boolean;
  /** One rule alone, for calls from code; undefined where no rule has that name. */
  rule(name: string): Candidates | undefined;
}
