import type { AppRoute } from "./routes.ts";

/** A group of routes that is recognized by words in their paths, and the rule for it. */
export interface Kind {
  /** The rule's name. */
  readonly name: string;
  /** The segments of a path that identify the group. */
  readonly words: RegExp;
  /** The rule's limits, for one address. */
  readonly limits: readonly string[];
  /** The reason for these numbers, as comment lines above the rule. */
  readonly why: readonly string[];
  /** True when the rule is only for methods that write. A search or a stream is read. */
  readonly writesOnly: boolean;
  /** True when the wide rules do not apply there. */
  readonly replaces: boolean;
}

/** The groups. A route belongs to the first one that fits. */
export const KINDS: readonly Kind[] = [
  {
    name: "webhooks",
    words: /web-?hooks?|^inngest$/,
    limits: ["3000 per minute"],
    why: [
      "A provider sends many events from few addresses, and sends an event again after a 429. So the limit",
      "only stops a flood. Each handler must verify the signature of its provider.",
    ],
    writesOnly: false,
    replaces: true,
  },
  {
    name: "sign-in",
    words:
      /^(?:log-?in|sign-?in|sign-?up|register|registration|otp|verify-otp|2fa|mfa|totp|passkeys?|password|(?:forgot|forget|reset|change)-password|magic-link|\[\[?\.{3}nextauth\]\]?)$/,
    limits: ["10 per minute", "60 per hour"],
    why: [
      "Passwords and codes are guessed here. A person needs a few attempts, and an office behind one",
      "address a few more; a program that guesses needs thousands.",
    ],
    writesOnly: true,
    replaces: false,
  },
  {
    name: "uploads",
    words: /^(?:uploads?|uploadthing|avatars?|attachments?)$/,
    limits: ["20 per minute"],
    why: [
      'An upload takes memory, time and storage. maxBody: "5 MB" would bound the size of each',
      "(headgate/docs/guides/write-a-rule.md#limit-the-size-of-a-body).",
    ],
    writesOnly: true,
    replaces: false,
  },
  {
    name: "generate",
    words:
      /^(?:ai|chat|chatbot|completions?|generate|generations?|llm|openai|anthropic|gpt|embeddings?|transcribe|transcriptions?|assistants?|summari[sz]e)$/,
    limits: ["20 per minute", "300 per day"],
    why: [
      "Each request costs money at a model's provider: the first limit stops a loop, the second bounds",
      "what one client can spend in a day.",
    ],
    writesOnly: false,
    replaces: false,
  },
  {
    name: "messages",
    words: /^(?:contact|newsletter|subscribe|invites?|invitations?|feedback|support|waitlist)$/,
    limits: ["5 per minute", "30 per hour"],
    why: ["Each request may send a message to a person: a person sends no form as often as this."],
    writesOnly: true,
    replaces: false,
  },
  {
    name: "search",
    words: /^(?:search|autocomplete|suggest|suggestions?|typeahead|lookup)$/,
    limits: ["60 per minute"],
    why: ["A search queries the database or an index; one a second is faster than a person types."],
    writesOnly: false,
    replaces: false,
  },
  {
    name: "rpc",
    words: /^(?:graphql|trpc|rpc)$/,
    limits: ["300 per minute"],
    why: ["One path for all calls of the app: a page that opens may send several at once."],
    writesOnly: false,
    replaces: true,
  },
];

/** Paths without any rule, each group with its reason. */
export const EXEMPT: readonly { readonly words: RegExp; readonly reason: string }[] = [
  {
    words: /^(?:health|healthz|healthcheck|health-check|ping|ready|readyz|live|livez)$/,
    reason: "a load balancer or a monitor checks it every few seconds",
  },
  {
    words: /^crons?$/,
    reason: "the platform's scheduler calls it; the handler must check the scheduler's secret",
  },
];

/** Methods that change something. */
export const WRITES: readonly string[] = ["POST", "PUT", "PATCH", "DELETE"];

/** Returns the group of a route; undefined for a route that only the wide rules cover. */
export function kindOf({ segments, methods, kind }: AppRoute): Kind | undefined {
  const fits = (it: Kind) =>
    (!it.writesOnly || methods.some((method) => WRITES.includes(method))) &&
    segments.some((segment) => it.words.test(segment.toLowerCase()));
  const found = KINDS.find((it) => (isAuth(segments) ? it.name === "sign-in" : fits(it)));
  // For a page only Server Actions are counted, and those of a chat's page do not produce its answers.
  return kind === "page" && found?.name !== "sign-in" && found?.name !== "messages"
    ? undefined
    : found;
}

/** Returns true for the handler of a sign-in library: a catch-all below "auth". */
function isAuth(segments: readonly string[]): boolean {
  return segments.includes("auth") && /^\[\[?\.{3}/.test(segments.at(-1) ?? "");
}

/** Returns why a route is exempt; undefined when rules apply to it. */
export function exemptionOf({ segments, kind }: AppRoute): string | undefined {
  if (kind !== "handler") return undefined;
  return EXEMPT.find(({ words }) => segments.some((it) => words.test(it.toLowerCase())))?.reason;
}
