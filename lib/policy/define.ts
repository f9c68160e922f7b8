import type {
  Admit,
  Algorithm,
  Identities,
  Identity,
  Method,
  Mode,
  OnStoreFailure,
  TellsLimits,
} from "./types.ts";

/** "10 per minute", "5 per 15 minutes", "10 per 1 m", or the same in two properties. */
export type LimitInput =
  | `${number} per ${string}`
  | {
      /** Units in a window: a whole number from 1. */
      readonly limit: number;
      /** A length such as "15 minutes", or milliseconds; from 1 second to 31 days. */
      readonly window: string | number;
    };

type Countable<Name extends string> = Name | "ip";

/** Who a limit counts: a name, the first of several that has a value, or a combination. */
export type SubjectInput<Name extends string> =
  | Countable<Name>
  | "global"
  | `${Countable<Name>}|${Countable<Name>}`
  | `${Countable<Name>}|${Countable<Name>}|${Countable<Name>}`
  | `${Countable<Name>}+${Countable<Name>}`
  | `${Countable<Name>}+${Countable<Name>}+${Countable<Name>}`;

/** Who may do how much. Every limit must have room. */
export type LimitsInput<Name extends string> = {
  readonly [Subject in SubjectInput<Name>]?: LimitInput | readonly LimitInput[];
};

/** Limits by the value of one identity, the lowest first: whoever has none of the values is there. */
export type TiersInput<Name extends string> = {
  readonly [Identity in Name]?: Readonly<Record<string, LimitsInput<Name>>>;
};

/** One rule of a policy: with limits, or with tiers. */
export type RuleInput<Name extends string, Rule extends string> = RuleProperties<Rule> &
  (WithLimits<Name> | WithTiers<Name>);

interface WithLimits<Name extends string> {
  /** Who may do how much. Every limit must have room. */
  readonly limits: LimitsInput<Name>;
  readonly tiers?: never;
}

interface WithTiers<Name extends string> {
  /** Limits by the value of an identity, such as the user's plan. */
  readonly tiers: TiersInput<Name>;
  readonly limits?: never;
}

interface RuleProperties<Rule extends string> {
  /**
   * Path patterns in path-to-regexp form, as in Next's matcher: "/api/:path*".
   * @default none: the rule is for calls from code
   */
  readonly match?: string | readonly string[];
  /**
   * @default every method but OPTIONS; GET covers HEAD
   */
  readonly methods?: readonly Method[];
  /** Rules that do not apply where this one does. */
  readonly replaces?: Rule | readonly Rule[];
  /**
   * Units that one request takes: a whole number from 1, at most the limit.
   * @default 1
   */
  readonly cost?: number;
  /**
   * @default "sliding-log" for limits up to 100, "sliding-window" above
   */
  readonly algorithm?: Algorithm;
  /**
   * What happens when the store does not answer.
   * @default the policy's own default, and that is "allow"
   */
  readonly onStoreFailure?: OnStoreFailure;
  /**
   * "optimistic" lets a request pass before the store is asked, where the last known count leaves room
   * beyond a margin, and counts it after the answer: quicker, and at most a little more than the limit.
   * @default "strict"
   */
  readonly admit?: Admit;
  /**
   * "shadow" counts and refuses nobody; "25%" decides for a quarter of the clients, always the same.
   * @default the policy's own mode, and that is "enforce"
   */
  readonly mode?: Mode;
  /**
   * When an answer tells its client how the rule's limits stand, in RateLimit headers: "always", or
   * "denied", where only a 429 does. A cache may give an allowed answer to other clients, with this
   * client's counts: "always" is for answers that no shared cache keeps.
   * @default the policy's own default, and that is "denied" for GET and HEAD, "always" for other methods
   */
  readonly headers?: TellsLimits;
  /**
   * The largest body of a request: bytes, or a size such as "5 MB" (a kB has 1,024 bytes). A larger one
   * is answered 413, and one that does not say its length 411, before anything is counted.
   * @default none; what Next lets through holds for every request
   * @example
   * upload: { match: "/api/upload", limits: { user: "20 per hour" }, maxBody: "5 MB" }
   */
  readonly maxBody?: string | number;
  /**
   * How prefetches of pages are counted, which are made before a click: "count" like visits; "apart", in a
   * limit of their own of ten times the rule's, or of `times`. Each segment that Next prefetches is one.
   * "apart" needs `skipProxyUrlNormalize` in next.config (`skipMiddlewareUrlNormalize` with
   * middleware.ts), or our own server: without it Next keeps from the gate what a prefetch is.
   * @default "count"
   * @example
   * pages: { match: "/p/:id", limits: { ip: "20 per minute" }, prefetch: "apart" }
   */
  readonly prefetch?: "count" | "apart" | { readonly times: number };
}

/** As much of next-intl's routing as changes paths; it may say more. */
export interface RoutingInput {
  readonly locales: readonly string[];
  /** With prefixes of the app's choice: `{ prefixes: { "en-US": "/us" } }`. */
  readonly localePrefix?: unknown;
  /** A path by locale, for each path that has several: { "/about": { en: "/about", de: "/ueber-uns" } }. */
  readonly pathnames?: Readonly<
    Record<string, string | Readonly<Record<string, string | undefined>>>
  >;
}

/**
 * Returns true for a request that meets a condition, such as one that holds the token of a monitor. A client
 * can write any header that it likes, so a condition must verify what it reads.
 */
export type Condition = (request: Request) => boolean | Promise<boolean>;

/** Conditions by name: what `defineConditions` returns. */
export type Conditions = Readonly<Record<string, Condition>>;

/** What a policy file says. */
export interface PolicyInput<Name extends string, Rule extends string> {
  /** Who can be counted beside `ip` and `global`: config/identities.ts. */
  readonly identities?: Identities<Name>;
  readonly defaults?: {
    readonly onStoreFailure?: OnStoreFailure;
    readonly algorithm?: Algorithm;
    readonly headers?: TellsLimits;
  };
  /**
   * The locales that the app's own middleware puts before its paths, such as next-intl: a list of them,
   * or next-intl's routing object as it is, with its localized pathnames. A rule for "/contact" then
   * holds for "/en/contact" too, and for "/de/kontakt". Locales of next.config (`i18n`) need no mention.
   * @example
   * locales: ["en", "de"]
   */
  readonly locales?: readonly string[] | RoutingInput;
  /**
   * Whether the rules decide that have no mode: "enforce", "shadow", or a percentage of
   * their clients. It is read once, at start.
   * @default "enforce"
   * @example
   * mode: process.env.NODE_ENV === "production" ? "shadow" : "enforce"
   */
  readonly mode?: Mode;
  /** Patterns of paths to which no rule applies, each with the reason. */
  readonly exempt?: Readonly<Record<string, string>>;
  /** What `allow` and `block` may name beside addresses and identities: config/identities.ts. */
  readonly conditions?: Conditions;
  /**
   * Clients that are not counted, each with the reason: an address, a CIDR block, an identity and its value,
   * or the name of a condition. What a client can forge must not stand here.
   * @example
   * allow: { "198.51.100.0/24": "our office", "user:robot": "imports at night", monitor: "checks uptime" }
   */
  readonly allow?: Readonly<Record<string, string>>;
  /**
   * Clients that get 403, each with the reason, in the same form. Where both name a client, it is allowed.
   * @example
   * block: { "203.0.113.0/24": "tries stolen passwords", "user:mallory": "resells our data" }
   */
  readonly block?: Readonly<Record<string, string>>;
  readonly rules: Readonly<Record<Rule, RuleInput<NoInfer<Name>, NoInfer<Rule>>>>;
}

/** Any policy: what is read at run time, and checked there. */
export interface AnyPolicy {
  readonly identities?: Identities;
  readonly conditions?: Conditions;
  readonly locales?: unknown;
  readonly mode?: unknown;
  readonly rules: Readonly<Record<string, object>>;
}

/** The names of a policy's rules. */
export type RuleName<P extends AnyPolicy> = keyof P["rules"] & string;

/** The names of a policy's identities, beside `ip` and `global`. */
export type IdentityName<P extends AnyPolicy> = P extends {
  readonly identities?: Identities<infer Name>;
}
  ? Name
  : never;

/**
 * Declares a policy, so that the compiler knows the names of its rules and identities. It is data: nothing
 * is done with it here.
 *
 * @example
 * export default definePolicy({
 *   rules: { search: { match: "/api/search", limits: { ip: "30 per minute" } } },
 * });
 */
export function definePolicy<Name extends string = never, Rule extends string = string>(
  policy: PolicyInput<Name, Rule>,
): PolicyInput<Name, Rule> {
  return policy;
}

/**
 * Declares conditions that `allow` and `block` of a policy may name.
 *
 * @example
 * const TOKEN = process.env["MONITOR_TOKEN"];
 *
 * export const conditions = defineConditions({
 *   // Without the variable, "Bearer undefined" would hold.
 *   monitor: ({ headers }) => TOKEN !== undefined && headers.get("authorization") === `Bearer ${TOKEN}`,
 * });
 */
export function defineConditions<const C extends Conditions>(conditions: C): C {
  return conditions;
}

/**
 * Declares who can be counted: a resolver for each name, or "from-code" where only a handler knows.
 *
 * @example
 * export const identities = defineIdentities({ user: jwtUser({ secrets, audience: "shop" }) });
 */
export function defineIdentities<Name extends string>(
  identities: Readonly<Record<Name, Identity>>,
): Identities<Name> {
  return identities;
}
