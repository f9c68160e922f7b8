/** Forbidden and permitted imports, written by hand for each row of rooms.ts. */
export const IMPORT_ROWS: readonly {
  file: string;
  refused: readonly string[];
  allowed: readonly string[];
}[] = [
  {
    file: "lib/core/x.ts",
    refused: [
      "#lib/policy/define",
      "#lib/gate",
      "node:fs",
      "next/server",
      "#config/app-env",
      "jose",
    ],
    allowed: ["./errors.ts", "@noble/hashes/sha2.js"],
  },
  {
    file: "lib/policy/x.ts",
    refused: [
      "#lib/policy/check/compile",
      "#lib/limit/stores/lua",
      "./check/compile.ts",
      "#lib/redis/client",
      "#lib/identity/address",
      "../redis/client.ts",
      "@upstash/redis",
      "zod/mini",
    ],
    allowed: ["#lib/core/errors", "#lib/limit/algorithms/all", "path-to-regexp"],
  },
  {
    file: "lib/policy/check/x.ts",
    refused: [
      "#lib/limit/stores/lua",
      "../types.ts",
      "#lib/identity/address",
      "#lib/gate",
      "node:fs",
    ],
    allowed: ["#lib/core/errors", "#lib/policy/types", "./schema.ts"],
  },
  {
    file: "lib/identity/x.ts",
    refused: ["#lib/policy/types", "#lib/limit/limiter", "node:crypto"],
    allowed: ["#lib/core/errors", "jose"],
  },
  {
    file: "lib/redis/x.ts",
    refused: ["#lib/limit/limiter", "#lib/observe/log", "node:http", "#app/_domain/headgate"],
    allowed: ["#lib/core/errors", "@upstash/redis"],
  },
  {
    file: "lib/respond/x.ts",
    refused: ["#lib/policy/types", "#lib/limit/limiter", "next/server"],
    allowed: ["#lib/core/decision"],
  },
  {
    file: "lib/observe/x.ts",
    refused: ["#lib/limit/limiter", "#lib/respond/problem", "node:fs"],
    allowed: ["#lib/core/decision", "#lib/redis/keys"],
  },
  {
    file: "lib/limit/x.ts",
    refused: [
      "./algorithms/all.ts",
      "#lib/identity/address",
      "#lib/respond/problem",
      "#lib/gate",
      "node:fs",
    ],
    allowed: ["#lib/policy/types", "#lib/redis/client", "@upstash/ratelimit"],
  },
  {
    file: "lib/limit/algorithms/x.ts",
    refused: [
      "../../redis/client.ts",
      "../lua.ts",
      "#lib/core/errors",
      "#lib/limit/stores/lua",
      "#lib/policy/types",
      "#lib/redis/client",
    ],
    allowed: ["./reference.ts"],
  },
  {
    file: "lib/control/x.ts",
    refused: ["#lib/limit/limiter", "#lib/respond/problem", "#lib/gate", "next/server"],
    allowed: ["#lib/redis/keys", "#lib/identity/identify", "#lib/policy/select"],
  },
  {
    file: "lib/dedup/x.ts",
    refused: ["#lib/policy/types", "#lib/idempotency/key", "@upstash/redis"],
    allowed: ["#lib/redis/client"],
  },
  {
    file: "lib/lock/x.ts",
    refused: ["#lib/policy/types", "#lib/dedup/claim", "@upstash/redis"],
    allowed: ["#lib/redis/client"],
  },
  {
    file: "lib/idempotency/x.ts",
    refused: ["#lib/redis/client", "#lib/lock/locks", "#lib/limits", "next/server"],
    allowed: ["#lib/core/errors", "#lib/dedup/dedup", "#lib/respond/problem", "structured-headers"],
  },
  {
    file: "lib/x.ts",
    refused: [
      "#lib/gateway/server",
      "#lib/gateway/cluster/store",
      "#lib/embedded/store",
      "#lib/server/store",
      "#lib/audit/audit",
      "#lib/cli/check",
      "./cli/check.ts",
      "#config/app-env",
      "next/server",
      "node:fs",
      "@upstash/redis",
    ],
    allowed: ["#lib/limit/limiter", "./parts.ts"],
  },
  {
    file: "lib/dashboard/x.ts",
    refused: [
      "#lib/dashboard/page/app",
      "./page/app.tsx",
      "#lib/limit/limiter",
      "node:fs",
      "preact",
    ],
    allowed: ["#lib/core/mode", "#lib/observe/counters", "#lib/redis/keys", "./assets.ts"],
  },
  {
    file: "lib/dashboard/page/x.ts",
    refused: ["#lib/redis/keys", "#lib/gate", "../page-html.ts", "node:fs", "react", "next/server"],
    allowed: ["#lib/core/mode", "#lib/dashboard/model", "preact/hooks", "uplot", "./app.tsx"],
  },
  {
    file: "lib/gateway/x.ts",
    refused: [
      "#lib/cli/check",
      "#lib/embedded/store",
      "#lib/server/store",
      "#config/app-env",
      "next",
    ],
    allowed: ["node:http", "#lib/core/errors", "#lib/gateway/cluster/store", "ioredis"],
  },
  {
    file: "lib/gateway/store/x.ts",
    refused: ["../server.ts", "#lib/gateway/server", "#lib/gateway/cluster/store"],
    allowed: ["node:events", "./store.ts"],
  },
  {
    file: "lib/gateway/cluster/x.ts",
    refused: ["../server.ts", "#lib/gateway/server", "#lib/cli/check"],
    allowed: ["#lib/gateway/store/store", "ioredis"],
  },
  {
    file: "lib/embedded/commands/x.ts",
    refused: ["../../gateway/server.ts", "#lib/gateway/server", "ioredis", "next"],
    allowed: ["../command.ts", "#lib/gateway/store/store", "wasmoon", "node:crypto"],
  },
  {
    file: "lib/testing/x.ts",
    refused: ["#lib/server/store", "#lib/cli/check", "#config/app-env", "next", "@playwright/test"],
    allowed: ["node:assert", "#lib/create", "#lib/gateway/routes", "#lib/embedded/store"],
  },
  {
    file: "lib/plugin/x.ts",
    refused: ["#lib/server/store", "#lib/policy/match", "#config/app-env", "next", "zod"],
    allowed: ["node:fs", "#lib/env", "#lib/core/settings"],
  },
  {
    file: "lib/server/x.ts",
    refused: ["#lib/cli/check", "#lib/audit/audit", "#config/app-env", "@upstash/redis"],
    allowed: ["next", "node:fs/promises", "#lib/embedded/store", "#lib/unknown-variables"],
  },
  {
    file: "lib/source/x.ts",
    refused: ["#lib/policy/match", "next", "oxc-parser"],
    allowed: ["@babel/parser", "node:url", "./parse.ts"],
  },
  {
    file: "lib/init/x.ts",
    refused: ["#lib/cli/check", "#lib/runs-on", "#config/app-env", "next", "@babel/parser", "jiti"],
    allowed: ["#lib/source/parse", "#lib/audit/methods", "diff", "magic-string", "node:fs"],
  },
  {
    file: "lib/audit/x.ts",
    refused: ["#lib/cli/check", "#lib/server/store", "next", "#config/rate-limits"],
    allowed: ["#lib/policy/check/compile", "#lib/source/parse", "node:fs"],
  },
  {
    file: "lib/cli/x.ts",
    refused: ["#config/app-env", "#app/_domain/headgate", "next", "@upstash/redis"],
    allowed: ["node:fs", "#lib/gateway/server", "#lib/server/store"],
  },
  {
    file: "app/_programs/server.ts",
    refused: ["@upstash/redis"],
    allowed: ["#config/app-env", "next", "node:http", "headgate", "./instagram.ts"],
  },
  {
    file: "config/x.ts",
    refused: ["#lib/redis/client", "#lib/gate", "#app/_domain/headgate", "next/server", "node:fs"],
    allowed: ["headgate", "headgate/identities/jwt", "zod/mini"],
  },
  {
    file: "app/x.ts",
    refused: [
      "#lib/gateway/server",
      "#lib/cli/check",
      "#app/_programs/worker",
      "@upstash/redis",
      "node:fs",
    ],
    allowed: ["#config/app-env", "headgate/locks", "next/server", "react"],
  },
  {
    file: "app/x.command.ts",
    refused: ["@upstash/redis"],
    allowed: ["#config/app-env", "headgate/gateway", "node:path"],
  },
  {
    file: "middleware.ts",
    refused: ["#lib/gate", "node:fs", "./lib/gate.ts"],
    allowed: ["headgate", "#config/rate-limits", "next/server"],
  },
  {
    file: "next.config.ts",
    refused: ["#lib/gate", "#config/app-env", "node:fs"],
    allowed: ["headgate/plugin", "next/constants.js", "./package.json"],
  },
  {
    file: "tests/x.ts",
    refused: [],
    allowed: ["#lib/gate", "../lib/gate.ts", "node:fs", "fast-check"],
  },
];
