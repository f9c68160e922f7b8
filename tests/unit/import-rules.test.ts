import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

/** One import that must not be, and one that may, for each row of the table in docs/architecture.md. */
const ROWS: readonly { file: string; refused: readonly string[]; allowed: readonly string[] }[] = [
  {
    file: "lib/core/x.ts",
    refused: ["#lib/policy/compile", "node:fs", "next/server", "#config/app-env"],
    allowed: ["./errors.ts"],
  },
  {
    file: "lib/policy/x.ts",
    refused: ["#lib/redis/client", "#lib/identity/address", "../redis/client.ts", "@upstash/redis"],
    allowed: ["#lib/core/errors", "zod/mini"],
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
    refused: ["#lib/redis/client", "#lib/respond/problem", "node:fs"],
    allowed: ["#lib/core/decision"],
  },
  {
    file: "lib/limit/x.ts",
    refused: ["#lib/identity/address", "#lib/respond/problem", "#lib/guard", "node:fs"],
    allowed: ["#lib/policy/types", "#lib/redis/client", "@upstash/ratelimit"],
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
      "#lib/cli/store",
      "#config/app-env",
      "next/server",
      "node:fs",
      "@upstash/redis",
    ],
    allowed: ["#lib/limit/limiter", "#lib/assemble"],
  },
  {
    file: "lib/gateway/x.ts",
    refused: ["#lib/cli/store", "#config/app-env", "next"],
    allowed: ["node:http", "#lib/core/errors"],
  },
  {
    file: "lib/cli/x.ts",
    refused: ["#config/app-env", "#app/_domain/headgate", "next", "@upstash/redis"],
    allowed: ["node:fs", "#lib/gateway/server"],
  },
  {
    file: "app/_programs/serve.command.ts",
    refused: ["@upstash/redis"],
    allowed: ["#config/app-env", "next", "node:http"],
  },
  {
    file: "config/x.ts",
    refused: ["#lib/redis/client", "#lib/guard", "#app/_domain/headgate", "next/server", "node:fs"],
    allowed: ["#lib/policy/define", "#lib/identity/jwt"],
  },
  {
    file: "app/x.ts",
    refused: ["#lib/gateway/server", "#lib/cli/store", "@upstash/redis"],
    allowed: ["#config/app-env", "#lib/limits", "next/server"],
  },
  {
    file: "app/x.command.ts",
    refused: ["@upstash/redis"],
    allowed: ["#config/app-env", "#lib/cli/env-files", "#lib/gateway/direct", "node:path"],
  },
  {
    file: "middleware.ts",
    refused: ["#lib/gateway/server", "node:fs"],
    allowed: ["#lib/guard", "#config/rate-limits", "next/server"],
  },
];

const root = join(import.meta.dirname, "..", "..");
let folder: string;
/** "file specifier" of each import that the linter refused. */
let refusals: Set<string>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "headgate-lint-"));
  copyFileSync(join(root, ".oxlintrc.json"), join(folder, ".oxlintrc.json"));
  for (const row of ROWS) {
    const path = join(folder, row.file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(
      path,
      importsOf(row)
        .map((specifier, i) => `import * as i${i} from "${specifier}";`)
        .join("\n"),
    );
  }
  refusals = lint();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function importsOf(row: (typeof ROWS)[number]): string[] {
  return [...row.refused, ...row.allowed];
}

interface Report {
  readonly diagnostics: readonly {
    readonly code: string;
    readonly filename: string;
    readonly labels: readonly { readonly span: { readonly line: number } }[];
  }[];
}

function lint(): Set<string> {
  const oxlint = join(root, "node_modules", "oxlint", "bin", "oxlint");
  const args = [oxlint, "-c", ".oxlintrc.json", "--format", "json", "."];
  const done = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
  const report = JSON.parse(done.stdout) as Report;
  const found = report.diagnostics.filter(({ code }) => code.includes("no-restricted-imports"));
  return new Set(
    found.map(({ filename, labels }) => {
      const row = ROWS.find(({ file }) => file === filename);
      return `${filename} ${row && importsOf(row)[(labels[0]?.span.line ?? 0) - 1]}`;
    }),
  );
}

test.each(ROWS.flatMap(({ file, refused }) => refused.map((specifier) => [file, specifier])))(
  "%s may not import %s",
  (file, specifier) => expect(refusals).toContain(`${file} ${specifier}`),
);

test.each(ROWS.flatMap(({ file, allowed }) => allowed.map((specifier) => [file, specifier])))(
  "%s may import %s",
  (file, specifier) => expect(refusals).not.toContain(`${file} ${specifier}`),
);
