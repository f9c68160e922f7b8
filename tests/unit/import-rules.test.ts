import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { relative } from "node:path/posix";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Room, ROOMS } from "../../rooms.ts";
import { inspect } from "../house/inspect.ts";
import { readHouse } from "../house/read-house.ts";
import { refusalOf, roomOf } from "../house/room-of.ts";
import { ROOT } from "../support/app.ts";

/** Forbidden and permitted imports, written by hand for each row of rooms.ts. */
const ROWS: readonly { file: string; refused: readonly string[]; allowed: readonly string[] }[] = [
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

/** Every form of an import that a bundler follows. */
const FORMS: readonly ((specifier: string, i: number) => string)[] = [
  (specifier, i) => `import * as i${i} from "${specifier}";`,
  (specifier, i) => `import type * as t${i} from "${specifier}";`,
  (specifier) => `export * from "${specifier}";`,
  (specifier, i) => `export { x as e${i} } from "${specifier}";`,
  (specifier) => `await import("${specifier}");`,
];

const PACKAGES = new Set(Object.values(ROOMS).flatMap(({ packages = [] }) => packages));

/** The settings of this test, which cannot contain forbidden imports themselves. */
const SETTINGS = ["rooms.ts", "oxlint.config.ts"];

/** Returns a file for each entry of a room, and for a folder a deeper file too. JavaScript has no types, so it is left out. */
function filesOf({ files }: Room): readonly string[] {
  return files
    .filter((entry) => !SETTINGS.includes(entry) && !entry.endsWith(".mjs"))
    .flatMap((entry) => {
      if (entry.endsWith(".ts")) return [entry.replace("**", "deep").replace("*", "x")];
      if (entry.endsWith("*")) return [entry.replace(/\*$/, entry.endsWith(".*") ? "ts" : "x.ts")];
      return [`${entry}/x.ts`, `${entry}/deep/down/x.ts`];
    });
}

/** Returns the imports to try in a file: each room by its name and by a relative path, packages, Node, Next. */
function specifiersFor(file: string): readonly string[] {
  const rooms = Object.values(ROOMS).flatMap((room) => filesOf(room)[0] ?? []);
  const named = rooms.filter((path) => /^(?:lib|app|config)\//.test(path));
  const others = rooms.filter((path) => roomOf(path) !== roomOf(file));
  return [
    ...named.map((path) => `#${path.replace(/\.ts$/, "")}`),
    ...others.map((path) => relative(dirname(file), path).replace(/^(?!\.)/, "./")),
    ...(file.includes("/") ? ["./y.ts"] : []),
    ...[...PACKAGES, "left-out", "@left/out"].flatMap((name) => [name, `${name}/deep/path`]),
    "node:fs",
    "node:fs/promises",
    "next",
    "next/server",
  ];
}

/** The imports that are tried in each file. */
const tried = new Map(
  Object.values(ROOMS)
    .flatMap((room) => filesOf(room))
    .map((file) => [file, specifiersFor(file)]),
);
for (const { file, refused, allowed } of ROWS)
  tried.set(file, [...new Set([...(tried.get(file) ?? []), ...refused, ...allowed])]);

let folder: string;
/** Each import that the linter rejected, as "file: import". */
let refusals: Set<string>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "headgate-lint-"));
  for (const name of SETTINGS) copyFileSync(join(ROOT, name), join(folder, name));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  for (const file of tried.keys()) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), linesOf(file).join("\n"));
  }
  refusals = lint();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function linesOf(file: string): readonly string[] {
  return (tried.get(file) ?? []).flatMap((specifier) => linesFor(file, specifier));
}

/** Returns every form of an import, with names that no other line of the file has. */
function linesFor(file: string, specifier: string): readonly string[] {
  const at = (tried.get(file) ?? []).indexOf(specifier);
  return FORMS.map((form) => form(specifier, at));
}

interface Report {
  readonly diagnostics: readonly {
    readonly code: string;
    readonly filename: string;
    readonly labels: readonly { readonly span: { readonly line: number } }[];
  }[];
}

function lint(): Set<string> {
  const oxlint = join(ROOT, "node_modules", "oxlint", "bin", "oxlint");
  const args = [oxlint, "-c", "oxlint.config.ts", "-A", "all", "--format", "json", "."];
  const options = { cwd: folder, encoding: "utf8", maxBuffer: 2 ** 28 } as const;
  const report = JSON.parse(spawnSync(process.execPath, args, options).stdout) as Report;
  const lines = new Map([...tried.keys()].map((file) => [file, linesOf(file)]));
  return new Set(
    report.diagnostics
      .filter(({ code }) => code.includes("no-restricted-imports"))
      .map(({ filename, labels }) => {
        const line = lines.get(filename)?.[(labels[0]?.span.line ?? 0) - 1];
        return `${filename}: ${line}`;
      }),
  );
}

/** Returns the forms of an import that the linter rejected in a file. */
function refusedForms(file: string, specifier: string): readonly string[] {
  return linesFor(file, specifier).filter((line) => refusals.has(`${file}: ${line}`));
}

describe("a row of rooms.ts", () => {
  test.each(ROWS.flatMap(({ file, refused }) => refused.map((specifier) => [file, specifier])))(
    "%s must not import %s",
    (file, specifier) => {
      expect(refusalOf(file, specifier)).toContain(`may not import ${specifier}`);
      expect(refusedForms(file, specifier)).toEqual(linesFor(file, specifier));
    },
  );

  test.each(ROWS.flatMap(({ file, allowed }) => allowed.map((specifier) => [file, specifier])))(
    "%s may import %s",
    (file, specifier) => {
      expect(refusalOf(file, specifier)).toBeUndefined();
      expect(refusedForms(file, specifier)).toEqual([]);
    },
  );

  test.each(Object.keys(ROOMS))("%s has imports written by hand in this test", (name) => {
    expect(name === "tools" || ROWS.some(({ file }) => roomOf(file) === name)).toBe(true);
  });
});

test.each(Object.entries(ROOMS))("the linter enforces the whole row of %s", (name, room) => {
  const files = filesOf(room);
  expect(files.map((file) => roomOf(file))).toEqual(files.map(() => name));
  const imports = files.flatMap((file) =>
    specifiersFor(file).map((specifier) => ({ file, specifier })),
  );
  const expected = imports.filter(({ file, specifier }) => refusalOf(file, specifier));
  const actual = imports.filter(({ file, specifier }) => refusedForms(file, specifier).length > 0);
  expect(actual).toEqual(expected);
  // A row whose globs match no file would reject no import.
  expect(expected.length > 0 || room.everything).toBe(true);
});

describe("the repository", () => {
  const house = readHouse();
  const paths = [...house.files.keys()];
  const report = inspect(house);

  test("every file belongs to a room", () => {
    expect(paths.filter((path) => roomOf(path) === undefined)).toEqual([]);
  });

  test("every folder of lib is a room", () => {
    const folders = new Set(
      paths.filter((path) => /^lib\/.*\//.test(path)).map((path) => path.split("/")[1]),
    );
    expect(folders.size).toBeGreaterThan(10);
    expect([...folders].filter((name) => !ROOMS[`lib/${name}`])).toEqual([]);
  });

  test.each(Object.keys(ROOMS))("%s has files", (name) => {
    expect(paths.filter((path) => roomOf(path) === name)).not.toEqual([]);
  });

  test("no file imports what rooms.ts forbids, even in files that the linter skips", () => {
    expect(report.refusals).toEqual([]);
  });

  test("no files and no rooms import each other in a cycle", () => {
    expect(report.cycles).toEqual([]);
  });

  test("each package.json lists the packages that its files import, and no others", () => {
    expect(report.packages).toEqual([]);
  });
});
