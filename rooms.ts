/**
 * The rooms of this tree, and what each may import. One table: the linter (oxlint.config.ts), the test
 * of the import rules, `npm run check:house` and docs/internals/rooms.md read it.
 */

/** A room: files that change together, and what they may know. */
export interface Room {
  /** What the room is for, in one sentence. */
  readonly what: string;
  /**
   * Its files: a folder, a file, or a glob. Where several rooms name a file, the last of them has it: a
   * room inside another stands below it in the table.
   */
  readonly files: readonly string[];
  /** The rooms that it may import. Inside a room, files import each other by relative paths. */
  readonly imports: readonly string[];
  /** The packages that it may import, with their subpaths; none when absent. */
  readonly packages?: readonly string[];
  /** True when it runs in Node alone, and may import `node:`. */
  readonly node?: true;
  /** True when it may import `next`. */
  readonly next?: true;
  /** True when it is bundled into a file of the package: what it imports is needed to build, not to run. */
  readonly bundled?: true;
  /** True when no rule holds here: tests may look into every room. */
  readonly everything?: true;
}

/** The rooms of the gate: what a request needs, and the tools of handlers. They run at the edge as in Node. */
export const GATE: readonly string[] = [
  "lib/core",
  "lib/policy",
  "lib/policy/check",
  "lib/identity",
  "lib/redis",
  "lib/respond",
  "lib/observe",
  "lib/limit",
  "lib/limit/algorithms",
  "lib/control",
  "lib/dedup",
  "lib/lock",
  "lib/idempotency",
];

export const ROOMS: Readonly<Record<string, Room>> = {
  "lib/core": {
    what: "types, errors, settings, durations, the clock, the address of a store, bytes",
    files: ["lib/core"],
    imports: [],
    packages: ["@noble/hashes"],
  },
  "lib/policy": {
    what: "what a request needs of the policy: match, path, rewrites, select",
    files: ["lib/policy"],
    imports: ["lib/core", "lib/limit/algorithms"],
    packages: ["path-to-regexp"],
  },
  "lib/policy/check": {
    what: "reads, checks and compiles the policy, once, at start",
    files: ["lib/policy/check"],
    imports: ["lib/core", "lib/policy", "lib/limit/algorithms"],
  },
  "lib/identity": {
    what: "the client's address, its network, resolvers, client keys",
    files: ["lib/identity"],
    imports: ["lib/core"],
    packages: ["@noble/hashes", "jose"],
  },
  "lib/redis": {
    what: "Redis by REST: clients, batching, deadline and breaker, scripts, key names",
    files: ["lib/redis"],
    imports: ["lib/core"],
    packages: ["@upstash/redis", "eventsource-parser"],
  },
  "lib/respond": {
    what: "headers, problem details, the page of a denied request, CORS",
    files: ["lib/respond"],
    imports: ["lib/core"],
    packages: ["structured-headers"],
  },
  "lib/observe": {
    what: "events, the log, counters in Redis, and OpenTelemetry",
    files: ["lib/observe"],
    imports: ["lib/core", "lib/redis"],
  },
  "lib/limit": {
    what: "the limiter: scripts, charges, denial cache, optimistic rules, local counting",
    files: ["lib/limit"],
    imports: ["lib/core", "lib/redis", "lib/policy", "lib/limit/algorithms"],
    packages: ["@upstash/ratelimit", "@upstash/redis"],
  },
  "lib/limit/algorithms": {
    what: "the ways to count: one file an algorithm, and the registry of all",
    files: ["lib/limit/algorithms"],
    imports: [],
  },
  "lib/control": {
    what: "what is set while the app runs, and lists of clients: the control document, its entries, how they arrive",
    files: ["lib/control"],
    imports: [
      "lib/core",
      "lib/redis",
      "lib/identity",
      "lib/policy",
      "lib/policy/check",
      "lib/limit/algorithms",
    ],
  },
  "lib/dedup": {
    what: "a thing counts once: claims, `once`, `count`",
    files: ["lib/dedup"],
    imports: ["lib/core", "lib/redis"],
  },
  "lib/lock": {
    what: "one instance acts at a time: locks, fencing tokens, `singleFlight`",
    files: ["lib/lock"],
    imports: ["lib/core", "lib/redis"],
  },
  "lib/idempotency": {
    what: "a handler runs once for each Idempotency-Key",
    files: ["lib/idempotency"],
    imports: ["lib/core", "lib/dedup", "lib/respond"],
    packages: ["structured-headers"],
  },
  lib: {
    what: "the gate: joins the rooms above for one policy, for middleware and for handlers",
    files: ["lib/*"],
    imports: GATE,
    packages: ["path-to-regexp"],
  },
  "lib/dashboard": {
    what: "the dashboard: what its page is sent, and the document, script and style of the page",
    files: ["lib/dashboard"],
    imports: [
      "lib/core",
      "lib/observe",
      "lib/redis",
      "lib/policy",
      "lib/respond",
      "lib/control",
      "lib",
    ],
  },
  "lib/dashboard/page": {
    what: "the dashboard in the browser; bundled into lib/dashboard/assets.ts",
    files: ["lib/dashboard/page"],
    imports: ["lib/core", "lib/dashboard"],
    packages: ["eventsource-parser", "preact", "uplot"],
    bundled: true,
  },
  "lib/gateway": {
    what: "the Upstash REST protocol in front of a store, and a client by TCP for an app on Node alone",
    files: ["lib/gateway"],
    imports: ["lib/core", "lib/redis", "lib/gateway/store", "lib/gateway/cluster"],
    packages: ["ioredis"],
    node: true,
  },
  "lib/gateway/store": {
    what: "what a store behind the gateway is, and the store in front of one Redis",
    files: ["lib/gateway/store"],
    imports: ["lib/core"],
    packages: ["ioredis"],
    node: true,
  },
  "lib/gateway/cluster": {
    what: "the store in front of a Redis Cluster",
    files: ["lib/gateway/cluster"],
    imports: ["lib/core", "lib/gateway/store"],
    packages: ["ioredis"],
    node: true,
  },
  "lib/embedded": {
    what: "the in-process Redis for a machine without one",
    files: ["lib/embedded"],
    imports: ["lib/core", "lib/gateway/store"],
    packages: ["wasmoon"],
    node: true,
  },
  "lib/testing": {
    what: "what an adopter tests limits with: a gate on one clock, without Redis, and fixtures for Playwright",
    files: ["lib/testing"],
    imports: [...GATE, "lib", "lib/gateway", "lib/gateway/store", "lib/embedded"],
    node: true,
  },
  "lib/plugin": {
    what: "next.config with what the gate needs of it, and the check of a build on Vercel",
    files: ["lib/plugin"],
    imports: ["lib/core", "lib"],
    node: true,
  },
  "lib/server": {
    what: "our Node server around Next, and the store that it starts",
    files: ["lib/server"],
    imports: [...GATE, "lib", "lib/gateway", "lib/embedded"],
    node: true,
    next: true,
  },
  "lib/source": {
    what: "reads the source files of an app",
    files: ["lib/source"],
    imports: [],
    packages: ["@babel/parser", "jiti"],
    node: true,
  },
  "lib/init": {
    what: "`headgate init`: finds what an app has, and writes what it needs",
    files: ["lib/init"],
    imports: ["lib/core", "lib/policy", "lib/source", "lib/audit"],
    packages: ["diff", "magic-string", "path-to-regexp"],
    node: true,
  },
  "lib/audit": {
    what: "what a build of Next leaves uncovered by the policy",
    files: ["lib/audit"],
    imports: ["lib/core", "lib/policy", "lib/policy/check", "lib/source"],
    packages: ["path-to-regexp", "zod"],
    node: true,
  },
  "lib/cli": {
    what: "the command line: one file a command",
    files: ["lib/cli"],
    imports: [...GATE, "lib", "lib/gateway", "lib/server", "lib/source", "lib/init", "lib/audit"],
    packages: ["citty"],
    node: true,
  },
  config: {
    what: "the policy, identities and variables of the sample",
    files: ["config"],
    imports: ["config"],
    packages: ["headgate", "zod"],
  },
  app: {
    what: "the sample: its pages and routes, and its own logic in app/_domain",
    files: ["app"],
    imports: ["app", "config"],
    packages: [
      "@noble/hashes",
      "@opentelemetry/api",
      "@opentelemetry/sdk-metrics",
      "@vercel/otel",
      "headgate",
      "jose",
      "path-to-regexp",
      "react",
      "react-dom",
      "structured-headers",
      "zod",
    ],
    next: true,
  },
  "app/_programs": {
    what: "the sample's programs, which no page imports: `*.command.ts` and what they share",
    files: ["app/**/*.command.ts", "app/_programs"],
    imports: ["app", "app/_programs", "config"],
    packages: ["headgate", "rolldown"],
    node: true,
    next: true,
  },
  "middleware.ts": {
    what: "where Next enters the sample: the gate before each request, and the checks at start",
    files: ["middleware.ts", "instrumentation.ts"],
    imports: ["app", "config"],
    packages: ["headgate"],
    next: true,
  },
  "next.config": {
    what: "what Next and OpenNext are told when they build",
    files: ["next.config.*", "open-next.config.ts"],
    imports: [],
    packages: ["@opennextjs/cloudflare", "headgate"],
    next: true,
  },
  tools: {
    what: "this table, the settings of the linter and the test runner, what runs each command, what makes the npm package, and what makes the docs site",
    files: [
      "rooms.ts",
      "oxlint.config.ts",
      "vitest.config.ts",
      "config/run.mjs",
      "config/install.mjs",
      "config/with-npm.mjs",
      "config/package",
      "config/docs",
    ],
    imports: [],
    packages: [
      "@11ty/eleventy",
      "@11ty/eleventy-dev-server",
      "highlight.js",
      "markdown-it",
      "oxlint",
      "pagefind",
      "rolldown",
      "tsdown",
      "vitest",
    ],
    node: true,
  },
  tests: {
    what: "tests, which may look into every room; unit/ mirrors lib",
    files: ["tests"],
    imports: [],
    everything: true,
  },
};
