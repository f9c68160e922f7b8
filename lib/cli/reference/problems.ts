import type { ProblemCode } from "#lib/policy/codes";

/** The words about one code of a problem in a policy, in Markdown. */
export interface ProblemWords {
  /** What is wrong, and why it is not allowed. */
  readonly why: string;
  /** Code that has the problem. */
  readonly example: string;
  /** What to write instead. */
  readonly todo: string;
}

/** The words about every problem that a policy can have. */
export const PROBLEM_WORDS: Readonly<Record<ProblemCode, ProblemWords>> = {
  UNKNOWN_KEY: {
    why: "A policy, a rule or a limit has a property that does not exist, most often because of a typing error. `__proto__` is never a property: JavaScript would drop it silently.",
    example: '`methd: ["GET"]`',
    todo: "Correct the name, or remove the property.",
  },
  BAD_VALUE: {
    why: "A property has a value of a kind that it does not accept. A list of patterns must not be empty.",
    example: '`onStoreFailure: "open"`',
    todo: "Use one of the values that the message names.",
  },
  NO_RULES: {
    why: "The policy has no rule, so it would limit nothing.",
    example: "`rules: {}`",
    todo: "Write at least one rule.",
  },
  BAD_RULE_NAME: {
    why: "The name of a rule appears in headers, keys and logs. It is a small letter, then up to 63 small letters, digits or `-`.",
    example: '`"search page": { … }`',
    todo: "Rename the rule, for example to `search-page`.",
  },
  NO_LIMITS: {
    why: "A rule without limits does nothing, and neither does a subject with an empty list.",
    example: '`search: { match: "/api/search" }`',
    todo: "Give the rule `limits` or `tiers`, or remove it.",
  },
  BAD_LIMIT: {
    why: "The text cannot be read as a limit.",
    example: '`ip: "ten a minute"`',
    todo: 'Write `"10 per minute"`, `"5 per 15 minutes"`, `"10 per 1 m"`, or `{ limit: 10, window: "minute" }`.',
  },
  LIMIT_BELOW_ONE: {
    why: "A limit is a whole number from 1. A limit of 0 would answer 429 and invite the client to try again.",
    example: '`ip: "0 per minute"`',
    todo: "Close a route in the app, not by a limit.",
  },
  BAD_WINDOW: {
    why: "The window cannot be read as a length of time.",
    example: '`ip: "10 per fortnight"`',
    todo: "Use ms, s, m, h, d or w, or the words second, minute, hour, day and week.",
  },
  WINDOW_TOO_SHORT: {
    why: "A window is at least 1 second, because clients are told to wait in whole seconds.",
    example: '`ip: "10 per 500 ms"`',
    todo: "Use a longer window with a larger limit.",
  },
  WINDOW_TOO_LONG: {
    why: "A window is at most 31 days, because the counts stay in Redis for that long.",
    example: '`ip: "10 per 32 days"`',
    todo: "Use a shorter window. Keep a quota of several months in a database.",
  },
  LIMIT_TIMES_WINDOW_TOO_LARGE: {
    why: "The limit multiplied by the window in milliseconds is above 2^53, beyond which whole numbers are not exact.",
    example: '`ip: { limit: 9_000_000_000_000, window: "31 days" }`',
    todo: "Use a smaller limit or a shorter window.",
  },
  LOG_TOO_LARGE: {
    why: "The algorithm `sliding-log` keeps an entry for each unit, so its limit is bounded.",
    example: '`ip: "10001 per minute", algorithm: "sliding-log"`',
    todo: 'Use `algorithm: "sliding-window"`.',
  },
  DUPLICATE_WINDOW: {
    why: "One subject has two limits for the same window. Only the smaller one could ever deny.",
    example: '`ip: ["10 per minute", "5 per 60 seconds"]`',
    todo: "Keep one of them.",
  },
  COST_BELOW_ONE: {
    why: "A cost is a whole number from 1.",
    example: "`cost: 0`",
    todo: "Remove the cost, or exempt the path.",
  },
  COST_ABOVE_LIMIT: {
    why: "One request would cost more than the whole limit, so every request would be denied.",
    example: '`limits: { ip: "10 per minute" }, cost: 11`',
    todo: "Lower the cost, or raise the limit.",
  },
  BAD_SUBJECT: {
    why: "A subject is one name, a fallback `a|b`, a combination `a+b`, or `global` alone, in at most 259 characters.",
    example: '`"user|ip+plan": "10 per minute"`',
    todo: "Use either `|` or `+` in one subject. Write two limits for both.",
  },
  UNKNOWN_IDENTITY: {
    why: "The name is not an identity of `config/identities.ts`, and is neither `ip` nor `global`.",
    example: '`tenant: "10 per minute"`',
    todo: "Correct the name, or add the identity to `config/identities.ts`.",
  },
  BAD_IDENTITY_NAME: {
    why: "The name of an identity is a letter, then up to 63 letters, digits or `-`. The names `ip` and `global` are taken.",
    example: "`identities: { ip: … }`",
    todo: "Rename the identity.",
  },
  BAD_PATTERN: {
    why: "The pattern cannot be used. It begins with `/`, has at most 500 characters, and has the form of path-to-regexp, as in Next's matcher. At most two of its parts may span segments (`:path*`, `(.*)`), and a repeat may not contain another repeat (`(?:x+)+`), because such patterns can take very long on a path that does not match. `headgate check` and the start of a development build time each expression of yours on hostile paths of growing length, and reject a slow one with its parameter (not on Workers, whose clock stands still).",
    example: '`match: "api/search"`',
    todo: "Correct the pattern. In an expression leave no part that matches the same characters in two ways (`(?:\\\\w+\\\\s?)+`, `(?:a|a)*`), and put a separator between parameters.",
  },
  PATTERN_MATCHES_NOTHING: {
    why: "No request can match the pattern. Paths are matched decoded, without doubled slashes, dot segments, or a slash at the end. A query and a fragment do not belong to a path, and requests for static files are never checked.",
    example: '`match: "/api/search/"`',
    todo: "Write the path as the message shows it.",
  },
  BAD_METHOD: {
    why: "A method is GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS, in capitals. The list must not be empty.",
    example: '`methods: ["post"]`',
    todo: "Correct the method, or remove `methods` for all methods.",
  },
  UNKNOWN_REPLACES: {
    why: "`replaces` names a rule that does not exist.",
    example: '`replaces: "serach"`',
    todo: "Correct the name.",
  },
  REPLACES_ITSELF: {
    why: "A rule that replaces itself would never apply.",
    example: '`search: { replaces: "search" }`',
    todo: "Remove `replaces`.",
  },
  REPLACES_IN_A_CIRCLE: {
    why: "Rules replace each other, directly or through other rules. When all of them match, no rule would be left.",
    example: '`a: { replaces: "b" }` with `b: { replaces: "a" }`',
    todo: "Let only one of them replace the other.",
  },
  EMPTY_REASON: {
    why: "An exempt path, and an entry of `allow` or `block`, needs a reason that the next reader understands.",
    example: '`"/api/health": ""`, or `block: { "203.0.113.0/24": "" }`',
    todo: "Write the reason.",
  },
  LIMITS_AND_TIERS: {
    why: "A rule has `limits` for all clients or `tiers`, not both, so that a reader knows which limits apply to a client.",
    example: '`limits: { ip: "10 per minute" }, tiers: { … }`',
    todo: "Move the limits for all clients to another rule. Every rule that matches applies.",
  },
  BAD_TIERS: {
    why: "`tiers` has one identity, with limits for at least one of its values.",
    example: "`tiers: { plan: {} }`",
    todo: 'Write `tiers: { plan: { free: { user: "5 per hour" }, pro: { user: "100 per hour" } } }`, the lowest first.',
  },
  BAD_TIER_NAME: {
    why: "The name of a tier is a value of the identity, with 1 to 64 characters that are not all digits. JavaScript puts names of digits first, and the first tier applies to clients without a listed value.",
    example: "`tiers: { plan: { free: { … }, 2: { … } } }`",
    todo: "Let the identity return a name such as `level-2`.",
  },
  BAD_MODE: {
    why: 'A mode is `"enforce"`, `"shadow"`, or the percentage of clients for which a rule is enforced, from `"0%"` to `"100%"`, with up to six decimals.',
    example: '`mode: "101%"`',
    todo: "Use one of these values.",
  },
  OPTIMISTIC_AND_DENY: {
    why: 'A rule that is `"optimistic"` allows requests before the store answers. `"deny"` allows no request that the store has not counted, also when `defaults` has it. A rule cannot have both.',
    example: '`admit: "optimistic", onStoreFailure: "deny"`',
    todo: 'Remove `admit`, or set `onStoreFailure: "local"` for the rule.',
  },
  BAD_SIZE: {
    why: '`maxBody` is a whole number of bytes from 1, or a size with a unit: `"500 KB"`, `"5 MB"`, `"1 GB"`. A kB has 1,024 bytes, as in next.config. It is for a rule with `match`, because code that calls a rule has already read the body.',
    example: '`maxBody: "5 MiB"`, or `maxBody` on a rule without `match`',
    todo: 'Write `maxBody: "5 MB"` on a rule with `match`.',
  },
  BAD_PREFETCH: {
    why: '`prefetch` is `"count"`, `"apart"`, or `{ times }` with a whole number from 1 to 1000. It is for a rule with `match` that covers GET, because only pages are prefetched.',
    example: '`prefetch: { times: 1.5 }`, or `prefetch: "apart"` with `methods: ["POST"]`',
    todo: 'Write `prefetch: "apart"` on the rule of the page.',
  },
  BAD_LOCALES: {
    why: "`locales` is a list of locales, each of letters, digits, `_` or `-`, or the routing object of next-intl, which has such a list.",
    example: '`locales: ["en", "de/at"]`',
    todo: 'Write `locales: ["en", "de-AT"]`.',
  },
  LOCALE_IN_PATTERN: {
    why: "In a policy with `locales` a pattern begins with a locale, or with a parameter for it (`:locale`, `:lang`, `:lng`, `:language`). The same page has other paths (`/de/search`, or `/search` in the default locale), to which the rule would not apply.",
    example: '`match: "/en/search"`',
    todo: 'Write `match: "/search"`. It applies in every locale.',
  },
  BAD_CONDITION_NAME: {
    why: "The name of a condition is a letter, then up to 63 letters, digits or `-`. It differs from every identity, `ip` and `global`, because `allow` and `block` name conditions and identities.",
    example: "`conditions: { user: (request) => … }` beside an identity `user`",
    todo: 'Choose another name: `conditions: { "signed-user": (request) => … }`.',
  },
  BAD_LISTED_CLIENT: {
    why: "An entry of `allow` or `block` is an address, a CIDR block that begins at its first address, an identity of the policy with a value after a colon, or the name of a condition of the policy.",
    example: '`"203.0.113.7/24"`, `"user:"`, or `"usr:ada"` when the identity is `user`',
    todo: 'Write `"203.0.113.0/24"`, or `"user:ada"`.',
  },
};
