import { FORMATS } from "#lib/respond/headers";
import { formatTable } from "../../support/format-table.ts";
import { type Page, pageOf, table } from "./page.ts";

const DRAFT = "draft-ietf-httpapi-ratelimit-headers-11";

/** A header that Headgate sends or reads. */
type Row = readonly [name: string, form: string, standard: string, when: string];

const SENT: readonly Row[] = [
  [
    "RateLimit",
    'a list of limits: `"search:ip:minute";r=4;t=12`, with `r` units left and more after `t` seconds',
    `${DRAFT}, structured fields (RFC 9651)`,
    'denials; allowed responses of rules with `headers: "always"`',
  ],
  [
    "RateLimit-Policy",
    'a list of limits: `"search:ip:minute";q=10;w=60`, with `q` units in `w` seconds',
    `${DRAFT}, structured fields (RFC 9651)`,
    "with `RateLimit`",
  ],
  [
    "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset",
    "whole numbers: the units of the tightest limit, what is left of it, and the time of its reset in seconds since 1970",
    "no standard",
    'when `legacyHeaders` is `true` or `"only"` (`HEADGATE_LEGACY_HEADERS`)',
  ],
  [
    "Retry-After",
    "whole seconds, rounded up",
    "RFC 9110",
    "429, unless the request can never be allowed",
  ],
  ["Cache-Control", "`no-store`", "RFC 9111", "every denial, also one of `onDenied`"],
  ["X-Request-Id", "an id of the request, which the log has too", "no standard", "every denial"],
  [
    "Content-Type",
    "`application/problem+json` for programs, `text/html` for browsers",
    "RFC 9457 for problem details",
    "every denial that Headgate writes",
  ],
  [
    "Vary",
    "`Accept` and `Origin` are added",
    "RFC 9110",
    "denials; on allowed responses `Origin` when `cors.origins` lists an origin",
  ],
  [
    "Access-Control-Allow-Origin",
    "the origin of the request, or `*` when only `*` allows it",
    "Fetch standard (CORS)",
    "requests with an origin of `cors.origins`. It replaces the handler's header",
  ],
  [
    "Access-Control-Allow-Credentials",
    "`true`",
    "Fetch standard (CORS)",
    "denials for a listed origin, never for `*`",
  ],
  [
    "Access-Control-Expose-Headers",
    "the names of the headers of the limits, and those of `cors.exposedHeaders`",
    "Fetch standard (CORS)",
    "denials, and allowed responses that show limits",
  ],
  [
    "Idempotency-Replayed",
    "`true`",
    "no standard",
    "a response that `headgate/idempotency` replays",
  ],
];

const READ: readonly Row[] = [
  [
    "X-Forwarded-For, CF-Connecting-IP, x-vercel-forwarded-for, or the header of `header:NAME`",
    "addresses",
    "no standard",
    "`CLIENT_IP_FROM` names the header ([the client's address](../guides/client-address.md))",
  ],
  ["Accept", "media types", "RFC 9110", "a denial: a page for browsers, or problem details"],
  ["Origin", "an origin", "Fetch standard (CORS)", "`cors.origins` is set"],
  [
    "Content-Length, Transfer-Encoding",
    "the length of the body",
    "RFC 9112",
    "every request with a body, for the `maxBody` of rules and for the size at which Next truncates bodies",
  ],
  [
    "Idempotency-Key",
    "a string of at most 255 characters, with or without quotes",
    "draft-ietf-httpapi-idempotency-key-header",
    "a handler is wrapped by `idempotent`",
  ],
  [
    "Next-Router-Prefetch, Next-Router-Segment-Prefetch, Sec-Purpose, Purpose, X-Purpose, X-Moz",
    "whether the request is a prefetch",
    "of Next.js and browsers",
    'a rule has `prefetch: "apart"`',
  ],
  [
    "x-headgate-visitor",
    "the visitor's address, a time and a signature",
    "of Headgate",
    "a request that the app sent to itself with `createVisitorHeaders`. It is valid for 60 seconds",
  ],
];

const KEEPS = `Next writes the headers of the middleware into the response before the handler answers, and then drops a handler's header of the same name. \`Vary\`, \`Set-Cookie\` and \`WWW-Authenticate\` of a route handler are added instead. So the gate sets no more headers than it must: on an allowed response \`Retry-After\`, \`Cache-Control\`, \`X-Request-Id\` and \`Access-Control-Allow-Credentials\` are the handler's, and the headers of limits are the handler's unless a rule shows its limits. Our server adds the handler's \`Access-Control-Expose-Headers\` to the gate's.

The headers of CORS are the same in every \`HEADGATE_MODE\`. Next drops \`Vary: Origin\` on pages: when a shared cache keeps pages that other origins fetch, configure the cache to vary by Origin.

An allowed response belongs to the handler, and the gate cannot know whether a cache keeps it. A CDN that keeps it would show every client the counts of the first. So an allowed GET or HEAD shows limits only when its rule has \`headers: "always"\`. When several rules apply, an allowed response shows the limits of those with "always".

A limit is named by its rule, its subject and its window, such as \`search:ip:minute\`. The name stays when the limit changes. The headers of limits have at most 1 kB together: of many limits the tightest are shown.`;

export const HEADERS_PAGE: Page = {
  path: "docs/reference/headers.md",
  build: async () =>
    pageOf(
      "# Headers",
      "Every header that Headgate sends or reads. [What a denied client gets](../guides/denials.md) explains the body and the status of a denied request.",
      "## Headers of responses",
      tableOf(SENT),
      "## Formats of limits",
      `\`legacyHeaders\` of the options, or \`HEADGATE_LEGACY_HEADERS\` (\`0\` for \`false\`, \`1\` for \`true\`), chooses among ${FORMATS.length} formats:`,
      await formatTable(),
      "## Headers that the handler keeps",
      KEEPS,
      "## Headers of requests",
      tableOf(READ),
    ),
};

function tableOf(rows: readonly Row[]): string {
  const named = rows.map(([name, ...rest]) => [
    name.replaceAll(/[A-Za-z]+(?:-[A-Za-z]+)+|^\w+$/g, "`$&`"),
    ...rest,
  ]);
  return table(["header", "form", "standard", "when"], named);
}
