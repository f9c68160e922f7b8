import type {
  Algorithm,
  Identities,
  Identity,
  Mode,
  OnStoreFailure,
  TellsLimits,
} from "./types.ts";
import type { RuleInput } from "./rule-input.ts";

/** The part of next-intl's routing that changes paths; it may have more properties. */
export interface RoutingInput {
  /**
   * The locales, such as "en" and "de".
   * @example
   * definePolicy({
   *   locales: { locales: ["en", "de"] },
   *   rules: { contact: { match: "/contact", limits: { ip: "5 per hour" } } },
   * });
   */
  readonly locales: readonly string[];
  /**
   * Prefixes of the app's choice: `{ prefixes: { "en-US": "/us" } }`.
   * @default each locale is the prefix of its paths
   * @example
   * definePolicy({
   *   locales: { locales: ["en-US", "de"], localePrefix: { prefixes: { "en-US": "/us" } } },
   *   rules: { contact: { match: "/contact", limits: { ip: "5 per hour" } } },
   * });
   */
  readonly localePrefix?: unknown;
  /**
   * A path by locale, for each path that has several: { "/about": { en: "/about", de: "/ueber-uns" } }.
   * @default no path differs
   * @example
   * definePolicy({
   *   locales: { locales: ["en", "de"], pathnames: { "/contact": { en: "/contact", de: "/kontakt" } } },
   *   rules: { contact: { match: "/contact", limits: { ip: "5 per hour" } } },
   * });
   */
  readonly pathnames?: Readonly<
    Record<string, string | Readonly<Record<string, string | undefined>>>
  >;
}

/**
 * Returns true for a request that meets a condition, for example a request with the token of a monitor. A
 * client can send any header, so a condition must verify the values that it reads.
 */
export type Condition = (request: Request) => boolean | Promise<boolean>;

/** Conditions by name: the result of `defineConditions`. */
export type Conditions = Readonly<Record<string, Condition>>;

/** The content of a policy file. */
export interface PolicyInput<Name extends string, Rule extends string> {
  /**
   * The identities that can be counted beside `ip` and `global`: the result of `defineIdentities` in
   * config/identities.ts.
   * @default none
   * @example
   * definePolicy({
   *   identities: defineIdentities({ user: jwtUser({ secrets, audience: "shop" }) }),
   *   rules: { search: { match: "/api/search", limits: { user: "30 per minute" } } },
   * });
   */
  readonly identities?: Identities<Name>;
  /**
   * Values for rules that do not set the property.
   * @default those of each property
   * @example
   * definePolicy({
   *   defaults: { onStoreFailure: "local" },
   *   rules: { search: { match: "/api/search", limits: { ip: "30 per minute" } } },
   * });
   */
  readonly defaults?: {
    /**
     * How requests are decided when the store does not answer.
     * @default "allow"
     * @example
     * definePolicy({
     *   defaults: { onStoreFailure: "local" },
     *   rules: { search: { match: "/api/search", limits: { ip: "30 per minute" } } },
     * });
     */
    readonly onStoreFailure?: OnStoreFailure;
    /**
     * How the units of a window are counted.
     * @default "sliding-log" for limits up to 100, "sliding-window" above
     * @example
     * definePolicy({
     *   defaults: { algorithm: "token-bucket" },
     *   rules: { search: { match: "/api/search", limits: { ip: "30 per minute" } } },
     * });
     */
    readonly algorithm?: Algorithm;
    /**
     * Which responses have RateLimit headers.
     * @default "denied" for GET and HEAD, "always" for other methods
     * @example
     * definePolicy({
     *   defaults: { headers: "denied" },
     *   rules: { search: { match: "/api/search", limits: { ip: "30 per minute" } } },
     * });
     */
    readonly headers?: TellsLimits;
  };
  /**
   * The locales that the app's middleware, such as next-intl, puts before its paths: a list, or next-intl's
   * routing object with its localized pathnames. A rule for "/contact" then also applies to "/en/contact" and
   * "/de/kontakt". Locales of next.config (`i18n`) need not be listed.
   * @default none
   * @example
   * definePolicy({
   *   locales: ["en", "de"],
   *   rules: { contact: { match: "/contact", limits: { ip: "5 per hour" } } },
   * });
   */
  readonly locales?: readonly string[] | RoutingInput;
  /**
   * The mode of rules without their own mode: "enforce", "shadow", or a percentage of their clients. It is
   * read once, at the start.
   * @default "enforce"
   * @example
   * definePolicy({
   *   mode: process.env["NODE_ENV"] === "production" ? "shadow" : "enforce",
   *   rules: { search: { match: "/api/search", limits: { ip: "30 per minute" } } },
   * });
   */
  readonly mode?: Mode;
  /**
   * Patterns of paths to which no rule applies, each with the reason.
   * @default none
   * @example
   * definePolicy({
   *   exempt: { "/api/health": "a load balancer asks every second" },
   *   rules: { api: { match: "/api/:path*", limits: { ip: "600 per minute" } } },
   * });
   */
  readonly exempt?: Readonly<Record<string, string>>;
  /**
   * Names for `allow` and `block` beside addresses and identities: the result of `defineConditions`.
   * @default none
   * @example
   * definePolicy({
   *   conditions: defineConditions({ monitor: ({ headers }) => headers.get("x-monitor") === secret }),
   *   allow: { monitor: "checks uptime" },
   *   rules: { search: { match: "/api/search", limits: { ip: "30 per minute" } } },
   * });
   */
  readonly conditions?: Conditions;
  /**
   * Clients that are not counted, each with the reason: an address, a CIDR block, an identity and its value,
   * or the name of a condition. Do not name a value that a client can forge.
   * @default no client is allowed without counting
   * @example
   * definePolicy({
   *   allow: { "198.51.100.0/24": "our office" },
   *   rules: { search: { match: "/api/search", limits: { ip: "30 per minute" } } },
   * });
   */
  readonly allow?: Readonly<Record<string, string>>;
  /**
   * Clients that get 403, each with the reason, in the same form. A client in both lists is allowed.
   * @default no client is blocked
   * @example
   * definePolicy({
   *   block: { "203.0.113.0/24": "tries stolen passwords" },
   *   rules: { search: { match: "/api/search", limits: { ip: "30 per minute" } } },
   * });
   */
  readonly block?: Readonly<Record<string, string>>;
  /**
   * The rules by name. A name is a small letter, then up to 63 small letters, digits or "-"; it appears in
   * headers, keys and logs. At least one rule is needed.
   * @example
   * definePolicy({
   *   rules: { search: { match: "/api/search", limits: { ip: "30 per minute" } } },
   * });
   */
  readonly rules: Readonly<Record<Rule, RuleInput<NoInfer<Name>, NoInfer<Rule>>>>;
}

/** Any policy, as it is read and checked at run time. */
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
 * Declares a policy, so that the compiler knows the names of its rules and identities. It returns the policy
 * unchanged.
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
 *   // Without this check, "Bearer undefined" would be accepted when the variable is unset.
 *   monitor: ({ headers }) => TOKEN !== undefined && headers.get("authorization") === `Bearer ${TOKEN}`,
 * });
 */
export function defineConditions<const C extends Conditions>(conditions: C): C {
  return conditions;
}

/**
 * Declares the identities that can be counted: a resolver for each name, or "from-code" if handlers pass the value.
 *
 * @example
 * export const identities = defineIdentities({ user: jwtUser({ secrets, audience: "shop" }) });
 */
export function defineIdentities<Name extends string>(
  identities: Readonly<Record<Name, Identity>>,
): Identities<Name> {
  return identities;
}
