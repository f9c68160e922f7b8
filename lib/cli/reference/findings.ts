import type { FindingCode } from "#lib/audit/findings";

/** The words about one finding of `headgate audit`, in Markdown of docs/reference. */
export interface FindingWords {
  readonly level: "failure" | "warning";
  readonly why: string;
  readonly todo: string;
}

const LET_NEXT_SHOW =
  "Set `skipProxyUrlNormalize: true` in next.config (`skipMiddlewareUrlNormalize` with middleware.ts), or serve the app with `headgate start`.";

/** The words about every finding. */
export const FINDING_WORDS: Readonly<Record<FindingCode, FindingWords>> = {
  NO_MIDDLEWARE: {
    level: "failure",
    why: 'No rule is ever checked. The paragraph says why: the build has no middleware; Next did not use the file, because it is beside `src` while the app is in `src/app`, or because its extension is not one of `pageExtensions`; its matcher is an empty list; `output: "export"` makes files only; or the middleware of the build is not the gate.',
    todo: "Write a `middleware.ts` that exports the gate, and build again.",
  },
  MATCHER_CONDITION: {
    level: "failure",
    why: "A matcher has `has` or `missing`. Both read headers, cookies or the query, which a client writes. So a client could choose not to be limited.",
    todo: "Write a matcher without them. Decide such cases in your own middleware, after the gate.",
  },
  OUTSIDE_MATCHER: {
    level: "failure",
    why: "The middleware does not see a path that a route answers. Often the matcher excludes extensions of files (`.*\\\\.png$`), and a parameter of the route may end like one.",
    todo: 'Cover every path except static files: `"/((?!_next/static/|favicon\\\\.ico$).*)"`. When a parameter may be `favicon.ico`, add that file to `public` or `app`: Next serves it before the route.',
  },
  NOT_COVERED: {
    level: "failure",
    why: "A method of a route handler, or the Server Action of a page, has no rule on at least one path that leads there, and the path is not exempt. The paragraph shows a path and the methods.",
    todo: "Widen `match` or `methods` of a rule, or add the path to `exempt` with the reason.",
  },
  REWRITE_UNCOVERED: {
    level: "failure",
    why: "A request that comes through a rewrite's source does not match a rule of the destination, because Next calls the middleware before it rewrites.",
    todo: "Add the source to `match` of each rule of the destination, or use `withHeadgate` in next.config, so that the gate knows the rewrites.",
  },
  REWRITE_OUTSIDE_MATCHER: {
    level: "failure",
    why: "A rewrite's source, perhaps with other capital letters, leads to a limited route and is outside the matcher.",
    todo: "Cover every path in the matcher. No matcher helps when the base path has other capital letters (`/SHOP/find`). Then set `experimental: { caseSensitiveRoutes: true }` in next.config, so that rewrites of `afterFiles` and `fallback` match exactly. Rewrites of `beforeFiles` still match in any case: with a base path, move them.",
  },
  REWRITE_UNKNOWN: {
    level: "failure",
    why: "The audit found no path that the source of a rewrite matches, so it cannot check the rewrite. Its destination may be a limited route.",
    todo: "Give its parameters expressions that a short text matches.",
  },
  REWRITES_UNREADABLE: {
    level: "warning",
    why: "`env.HEADGATE_REWRITES` of the build is not a list of rewrites. The audit assumes that the gate knows no rewrites.",
    todo: "Use `withHeadgate` of `headgate/plugin` in next.config.",
  },
  IMAGE_OPTIMIZER: {
    level: "warning",
    why: "The image optimizer fetches local paths for the client, without the client's address or user, and it may fetch a limited route.",
    todo: "List your images in `images.localPatterns`, or set `images.unoptimized`.",
  },
  COUNTS_CACHED: {
    level: "warning",
    why: 'The build made the responses of a route, so a shared cache keeps them for all clients, and a rule with `headers: "always"` adds the counts of the first client. The audit cannot see what a handler makes cacheable at run time by its own `Cache-Control`.',
    todo: 'Set `headers: "denied"` for the rule, or remove the property: that is the default for GET.',
  },
  PREFETCH_UNSEEN: {
    level: "failure",
    why: "A rule counts prefetches in a separate limit, and the gate cannot recognize them: Next removes its own headers from a request before the middleware sees it. `headgate check` reports this too.",
    todo: LET_NEXT_SHOW,
  },
  PREFETCH_OF_HANDLER: {
    level: "failure",
    why: "A rule that counts prefetches in a separate limit covers a route handler. Next prefetches pages only, and a client that claims to prefetch a handler would have the larger limit.",
    todo: "Write one rule for pages and another for handlers.",
  },
};
