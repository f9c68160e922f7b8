/** The routes of the app. */
export const ROUTES = [
  "/api/limited",
  "/api/users/7",
  "/api/files/a/b",
  "/api/legacy",
  "/pages/static",
  "/pages/live/7",
  "/action",
  "/old",
  "/old/7",
];

const REWRITTEN = ["/short", "/hop", "/people/7", "/when", "/drive/a/b", "/7/last"];

const LOCALES = ["en", "fr", "pt-BR"];

/** Spellings that Next serves. A gate that compared paths without normalizing them would not count these. */
export const SERVED: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  plain: [
    ["/SHORT", "limited"],
    ["/hop", "limited"],
    ["/PEOPLE/a%2fb", "user"],
    ["/Drive/a/b", "files"],
    ["/7/LAST", "user"],
    ["/_next/data/BUILD/short.json", "limited"],
    ["/_next/data/BUILD/api/limited.json", "limited"],
    ["/_next/data/BUILD/old/%37.json", "old-one"],
    ["/_next/data/BUILD/index/old/7.json", "old-one"],
    ["/api/users/a%2fb", "user"],
    ["/api/users/..%2flimited", "user"],
    ["/api/x/../limited", "limited"],
    ["/free/%2e%2e/api/limited", "limited"],
    ["/_next/static/../../api/limited", "limited"],
    ["/api/limited#x", "limited"],
    ["/pages/live/7.rsc", "live"],
    ["/pages/live/.rsc", "live"],
    ["/api/users/.rsc", "user"],
    ["/api/files/.rsc", "files"],
    ["/people/.rsc", "user"],
    ["/old/.rsc", "old-one"],
  ],
  based: [
    ["/base/short/", "limited"],
    ["/base/7/last/", "user"],
    ["/free/../base/old/", "old"],
    ["/base/_next/data/BUILD/old/7.json", "old-one"],
    ["/base/pages/live/7.rsc", "live"],
  ],
  locales: [
    ["/FR/old", "old"],
    ["/pt-br/old/7", "old-one"],
    ["/en/fr/plain", "plain"],
    ["/_next/data/BUILD/FR/old.json", "old"],
    ["/fr/_next/data/BUILD/fr/old/7.json", "old-one"],
    ["/fr/_next/data/BUILD/pt-BR/old/7.json", "old-one"],
    ["/en/_next/data/BUILD/fr/old/7.json", "old-one"],
    ["/_next/data/BUILD/index/fr/old.json", "old"],
  ],
};

/** Headers that Next's servers send to each other, and headers that proxies and other frameworks trust. */
export const INTERNAL_HEADERS = [
  "x-middleware-subrequest: middleware:middleware:middleware:middleware:middleware",
  "x-middleware-subrequest: src/middleware:src/middleware:src/middleware:src/middleware",
  "x-middleware-subrequest-id: 1",
  "x-middleware-invoke: 1",
  "x-middleware-next: 1",
  "x-middleware-skip: 1",
  "x-middleware-rewrite: /free/x",
  "x-middleware-override-headers: x-forged\r\nx-middleware-request-x-forged: 1",
  "x-middleware-set-cookie: a=1",
  "x-action-forwarded: 1",
  "x-invoke-path: /free/x",
  "x-invoke-output: /free/x",
  "x-invoke-query: %7B%7D",
  "x-invoke-status: 200",
  "x-matched-path: /free/x",
  "x-now-route-matches: 1=x",
  "x-nextjs-data: 1",
  "x-nextjs-rewrite: /free/x",
  "x-prerender-revalidate: 1",
  "x-original-url: /free/x",
  "x-rewrite-url: /free/x",
  "x-forwarded-host: other.example",
  "x-forwarded-prefix: /free",
  "x-http-method-override: OPTIONS",
  "x-headgate-socket: nonce 198.51.100.1",
];

/** The variants of the app in next.config.ts of the fixture. */
const NORMALIZED = [
  { variant: "plain", basePath: "", ending: "", locales: [], paths: [...ROUTES, ...REWRITTEN] },
  {
    variant: "based",
    basePath: "/base",
    ending: "/",
    locales: [],
    paths: [...ROUTES, ...REWRITTEN],
  },
  {
    variant: "locales",
    basePath: "",
    ending: "",
    locales: LOCALES,
    paths: [...ROUTES, ...REWRITTEN, "/fr/plain"],
  },
] as const;

/** With `skipProxyUrlNormalize` and a base path Next serves no page data. */
export const UNSERVED = new Set(["raw-based /base/_next/data/BUILD/old/7.json"]);

/** With `skipProxyUrlNormalize` middleware gets the URL as sent. Every rule must still match. */
const RAW = { plain: "raw", based: "raw-based", locales: "raw-locales" } as const;
export const VARIANTS = [
  ...NORMALIZED.map((app) => ({ ...app, like: app.variant })),
  ...NORMALIZED.map((app) => ({ ...app, like: app.variant, variant: RAW[app.variant] })),
];
