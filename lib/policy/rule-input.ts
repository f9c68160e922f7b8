import type { Admit, Algorithm, Method, Mode, OnStoreFailure, TellsLimits } from "./types.ts";

/**
 * "10 per minute", "5 per 15 minutes", "10 per 1 m", or the same in two properties. A window has the unit ms, s,
 * m, h, d or w, or the word. The limit times the window in milliseconds is at most 2^53.
 */
export type LimitInput =
  | `${number} per ${string}`
  | {
      /**
       * Units in a window: a whole number from 1; with "sliding-log" at most 10,000.
       * @example
       * definePolicy({
       *   rules: { search: { match: "/api/search", limits: { ip: { limit: 30, window: "1 minute" } } } },
       * });
       */
      readonly limit: number;
      /**
       * A length such as "15 minutes", or milliseconds; from 1 second to 31 days.
       * @example
       * definePolicy({
       *   rules: { search: { match: "/api/search", limits: { ip: { limit: 30, window: "15 minutes" } } } },
       * });
       */
      readonly window: string | number;
    };

type Countable<Name extends string> = Name | "ip";

/**
 * The subject that a limit counts: the address ("ip"), an identity, the first of several that has a value
 * ("user|ip"), a combination ("ip+account"), or all clients together ("global"). The address stands for an
 * identity without a value. No response shows the state of a "global" limit, unless the gate has
 * `showGlobalLimits`.
 */
export type SubjectInput<Name extends string> =
  | Countable<Name>
  | "global"
  | `${Countable<Name>}|${Countable<Name>}`
  | `${Countable<Name>}|${Countable<Name>}|${Countable<Name>}`
  | `${Countable<Name>}+${Countable<Name>}`
  | `${Countable<Name>}+${Countable<Name>}+${Countable<Name>}`;

/** Limits by subject. A request is allowed when every limit has capacity. */
export type LimitsInput<Name extends string> = {
  readonly [Subject in SubjectInput<Name>]?: LimitInput | readonly LimitInput[];
};

/**
 * Limits by the value of one identity, the lowest first: it applies to clients with no listed value. A client
 * that changes tiers keeps what it has used. The same limit for "ip" or "global" in two tiers is one count.
 */
export type TiersInput<Name extends string> = {
  readonly [Identity in Name]?: Readonly<Record<string, LimitsInput<Name>>>;
};

/** One rule of a policy: with limits, or with tiers. */
export type RuleInput<Name extends string, Rule extends string> = RuleProperties<Rule> &
  (WithLimits<Name> | WithTiers<Name>);

interface WithLimits<Name extends string> {
  /**
   * Limits by subject: each has one limit, or several with different windows. A request is allowed when every
   * limit of every rule that applies has capacity; otherwise nothing is consumed. A rule has `limits` or `tiers`.
   * @default none: a rule has limits or tiers
   * @example
   * definePolicy({
   *   rules: { search: { match: "/api/search", limits: { ip: ["5 per second", "60 per minute"] } } },
   * });
   */
  readonly limits: LimitsInput<Name>;
  readonly tiers?: never;
}

interface WithTiers<Name extends string> {
  /**
   * Limits by the value of an identity, such as the user's plan, the lowest first. The first tier applies to
   * clients whose value is not listed.
   * @default none: a rule has limits or tiers
   * @example
   * const plans = { free: { user: "10 per hour" }, paid: { user: "1000 per hour" } } as const;
   * definePolicy({
   *   identities: defineIdentities({ user: userOf, plan: planOf }),
   *   rules: { search: { match: "/api/search", tiers: { plan: plans } } },
   * });
   */
  readonly tiers: TiersInput<Name>;
  readonly limits?: never;
}

interface RuleProperties<Rule extends string> {
  /**
   * The paths that the rule is for: patterns in path-to-regexp form, as in Next's matcher.
   * @default none: the rule is for calls from code
   * @example
   * definePolicy({
   *   rules: { users: { match: ["/api/users", "/api/users/:id"], limits: { ip: "60 per minute" } } },
   * });
   */
  readonly match?: string | readonly string[];
  /**
   * The methods that the rule is for. GET covers HEAD.
   * @default every method but OPTIONS, so that CORS preflights are not counted
   * @example
   * definePolicy({
   *   rules: { login: { match: "/login", methods: ["POST"], limits: { ip: "30 per minute" } } },
   * });
   */
  readonly methods?: readonly Method[];
  /**
   * Rules that do not apply to requests that this rule matches.
   * @default none: every rule that matches applies
   * @example
   * definePolicy({
   *   rules: {
   *     api: { match: "/api/:path*", limits: { ip: "600 per minute" } },
   *     search: { match: "/api/search", limits: { ip: "900 per minute" }, replaces: "api" },
   *   },
   * });
   */
  readonly replaces?: Rule | readonly Rule[];
  /**
   * Units that one request consumes of each limit: a whole number from 1, at most the smallest limit.
   * @default 1
   * @example
   * definePolicy({
   *   rules: { report: { match: "/api/report", limits: { ip: "100 per hour" }, cost: 10 } },
   * });
   */
  readonly cost?: number;
  /**
   * How the units of a window are counted.
   * @default the policy's default, or else "sliding-log" for limits up to 100, "sliding-window" above
   * @example
   * definePolicy({
   *   rules: { feed: { match: "/api/feed", limits: { ip: "60 per minute" }, algorithm: "token-bucket" } },
   * });
   */
  readonly algorithm?: Algorithm;
  /**
   * How a request is decided when the store does not answer: "allow" allows it, "deny" answers 503, "local"
   * counts in this process. When several rules apply, the strictest holds.
   * @default the policy's default, or else "allow"
   * @example
   * definePolicy({
   *   rules: { pay: { match: "/api/pay", limits: { ip: "5 per minute" }, onStoreFailure: "deny" } },
   * });
   */
  readonly onStoreFailure?: OnStoreFailure;
  /**
   * "optimistic" allows a request without waiting for the store while the last known count leaves capacity
   * beyond a margin, and counts it after the response. This is faster and may exceed the limit slightly.
   * @default "strict"
   * @example
   * definePolicy({
   *   rules: { feed: { match: "/api/feed", limits: { ip: "600 per minute" }, admit: "optimistic" } },
   * });
   */
  readonly admit?: Admit;
  /**
   * "shadow" counts requests apart and denies none; "25%" enforces the rule for a quarter of the clients that
   * its first limit counts, always the same, and is in shadow for the others.
   * @default the policy's mode, or else "enforce"
   * @example
   * definePolicy({
   *   rules: { search: { match: "/api/search", limits: { ip: "30 per minute" }, mode: "25%" } },
   * });
   */
  readonly mode?: Mode;
  /**
   * Which responses have RateLimit headers with the state of the rule's limits: "always" for all, "denied" for
   * 429 only. A shared cache may serve an allowed response, with this client's counts, to other clients. So
   * "always" is for responses that no shared cache stores.
   * @default the policy's default, or else "denied" for GET and HEAD, "always" for other methods
   * @example
   * definePolicy({
   *   rules: { search: { match: "/api/search", limits: { ip: "30 per minute" }, headers: "always" } },
   * });
   */
  readonly headers?: TellsLimits;
  /**
   * The largest body of a request: bytes, or a size such as "5 MB" (a kB has 1,024 bytes). The response to a
   * larger body is 413, and to a body without a stated length 411, before anything is counted. When several
   * rules apply, the smallest bound holds. Only for rules with `match`.
   * @default no bound but that of Next, which applies to every request
   * @example
   * definePolicy({
   *   rules: { upload: { match: "/api/upload", limits: { ip: "20 per hour" }, maxBody: "5 MB" } },
   * });
   */
  readonly maxBody?: string | number;
  /**
   * How prefetches of pages are counted: "count" counts them as visits; "apart" counts them in a separate limit
   * of ten times the rule's, or of `times` times. Each segment that Next prefetches counts as one.
   *
   * "apart" needs `skipProxyUrlNormalize` in next.config (`skipMiddlewareUrlNormalize` with middleware.ts), or
   * our server. Otherwise Next hides from the gate whether a request is a prefetch.
   * @default "count"
   * @example
   * definePolicy({
   *   rules: { pages: { match: "/p/:id", limits: { ip: "20 per minute" }, prefetch: "apart" } },
   * });
   */
  readonly prefetch?:
    | "count"
    | "apart"
    | {
        /**
         * The factor of the rule's limits for prefetches: with 3, three times as many prefetches as visits.
         * @example
         * definePolicy({
         *   rules: { pages: { match: "/p/:id", limits: { ip: "20 per minute" }, prefetch: { times: 3 } } },
         * });
         */
        readonly times: number;
      };
}
