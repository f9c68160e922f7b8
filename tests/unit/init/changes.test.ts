import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { findApp } from "#lib/init/app";
import { envExample } from "#lib/init/env-example";
import { planInit } from "#lib/init/init";
import { Plan } from "#lib/init/plan";
import { showChanges } from "#lib/init/show";
import { writeChanges } from "#lib/init/write";
import { documentedVariables } from "../../support/variables.ts";
import { madeApp } from "./made-app.ts";

const paths = async (folder: string) => (await planInit(folder)).changes.map(({ path }) => path);

const PAGE = { "app/page.tsx": "", "tsconfig.json": "{}" };

describe("the files that init plans", () => {
  test.each([
    [{}, ["config/rate-limits.ts", "gate.ts", "proxy.ts", ".env.example"]],
    [
      { "open-next.config.ts": "" },
      ["config/rate-limits.ts", "gate.ts", "middleware.ts", ".env.example"],
    ],
    [
      { "package.json": '{ "dependencies": { "next": "15" } }' },
      ["config/rate-limits.ts", "gate.ts", "middleware.ts", ".env.example"],
    ],
    [
      { "next.config.mjs": 'export default { pageExtensions: ["page.ts", "page.tsx"] };' },
      ["config/rate-limits.ts", "gate.ts", "proxy.page.ts", ".env.example"],
    ],
    // Names that the app uses are avoided, with any ending, and as folders.
    [
      { "config/rate-limits.json": "{}", "gate/index.ts": "export {};" },
      ["config/headgate-limits.ts", "request-gate.ts", "proxy.ts", ".env.example"],
    ],
    [
      { "config.ts": "export {};", "config/site.ts": "export {};", "lib/gate.ts": "export {};" },
      ["config/rate-limits.ts", "gate.ts", "proxy.ts", ".env.example"],
    ],
  ])("the files that init plans beside %j are %j", async (files, expected) => {
    expect(await paths(madeApp({ ...PAGE, ...files }))).toEqual(expected);
  });

  test("the planned files are in src when the app is, and import each other by their chosen names", async () => {
    const folder = madeApp({
      "src/app/page.jsx": "",
      "src/gate.js": "",
      "src/config/rate-limits.js": "",
    });
    const { changes } = await planInit(folder);
    const textOf = new Map(changes.map(({ path, after }) => [path, after]));
    expect([...textOf.keys()]).toEqual([
      "src/config/headgate-limits.js",
      "src/request-gate.js",
      "src/proxy.js",
      ".env.example",
    ]);
    expect(textOf.get("src/request-gate.js")).toContain('from "./config/headgate-limits"');
    expect(textOf.get("src/proxy.js")).toContain('from "./request-gate"');
  });

  test("a second run plans no files, even when another name was chosen or a person edited a file", async () => {
    const folder = madeApp({ ...PAGE, "gate.ts": "export const gate = 1;" });
    const first = await planInit(folder);
    writeChanges(folder, first.changes);
    const policy = join(folder, "config", "rate-limits.ts");
    writeFileSync(policy, readFileSync(policy, "utf8").replace(/^ *mode: .*\n/m, ""));
    expect(await paths(folder)).toEqual([]);
  });

  test("planInit rejects an app that has other files at every name", async () => {
    const own = ["gate.ts", "request-gate.ts", "rate-limit-gate.js"];
    const folder = madeApp({ ...PAGE, ...Object.fromEntries(own.map((it) => [it, ""])) });
    await expect(planInit(folder)).rejects.toThrow("gate, request-gate, rate-limit-gate");
  });
});

describe("the step of CI", () => {
  const REPOSITORY = { ".github/workflows/test.yml": "on: push", "pnpm-lock.yaml": "" };

  test("the CI step is a workflow at the root of the repository that runs in the app's folder", async () => {
    const root = madeApp({
      ...REPOSITORY,
      "apps/web/package.json":
        '{ "dependencies": { "next": "16" }, "scripts": { "build": "next build" } }',
      "apps/web/src/app/page.tsx": "",
      "apps/web/tsconfig.json": "{}",
    });
    execFileSync("git", ["init", "-q"], { cwd: root });
    const folder = join(root, "apps", "web");
    const { changes, ci } = await planInit(folder);
    expect(ci).toBeUndefined();
    writeChanges(folder, changes);
    const workflow = readFileSync(join(root, ".github", "workflows", "headgate.yml"), "utf8");
    expect(workflow).toContain("        working-directory: apps/web\n");
    const steps = [...workflow.matchAll(/^ {6}- (?:run|uses): (.*)$/gm)].map(([, step]) => step);
    expect(steps).toEqual([
      "actions/checkout@v4",
      "pnpm/action-setup@v4",
      "actions/setup-node@v4",
      "pnpm install --frozen-lockfile",
      "pnpm exec headgate check",
      "pnpm run build",
      "pnpm exec headgate audit",
    ]);
    expect((await planInit(folder)).changes).toEqual([]);
    // The action of pnpm needs a version when package.json names no version.
    expect(workflow).toContain("pnpm/action-setup@v4\n        with:\n          version: 10\n");
  });

  test("the CI step uses the version of pnpm in package.json", async () => {
    const named = '{ "packageManager": "pnpm@9.1.0", "dependencies": { "next": "16" } }';
    const { changes } = await planInit(madeApp({ ...REPOSITORY, ...PAGE, "package.json": named }));
    const workflow = changes.find(({ path }) => path.endsWith("headgate.yml"))?.after;
    expect(workflow).toContain("pnpm/action-setup@v4\n      - uses: actions/setup-node");
  });

  test.each([
    [{}, ["npx headgate check", "npm run build", "npx headgate audit"]],
    [{ "bun.lock": "" }, ["bunx headgate check", "bun run build", "bunx headgate audit"]],
    [{ "yarn.lock": "" }, ["yarn headgate check", "yarn run build", "yarn headgate audit"]],
  ])("the CI commands are printed without a workflow, beside %j", async (files, expected) => {
    expect((await planInit(madeApp({ ...PAGE, ...files }))).ci).toEqual(expected);
  });

  test("the CI step is not added when a workflow checks the policy already", async () => {
    const own = { ".github/workflows/all.yml": "steps:\n  - run: npx headgate check\n" };
    const { changes, ci } = await planInit(madeApp({ ...PAGE, ...own }));
    expect(changes.map(({ path }) => path)).not.toContain(".github/workflows/headgate.yml");
    expect(ci).toBeUndefined();
  });
});

describe(".env.example", () => {
  test(".env.example has the variables that a deployment needs, and Headgate reads each of them", () => {
    const names = envExample(undefined).match(/[A-Z][A-Z_]+(?==)/g) ?? [];
    expect(names).toEqual([
      "UPSTASH_REDIS_REST_URL",
      "UPSTASH_REDIS_REST_TOKEN",
      "CLIENT_IP_FROM",
      "HEADGATE_SECRET",
    ]);
    const known = [...documentedVariables().keys()];
    for (const name of names) expect(known).toContain(name);
  });

  test(".env.example is extended, and existing variables do not change", () => {
    const before = "A=1\nexport UPSTASH_REDIS_REST_URL=https://x\n#CLIENT_IP_FROM=vercel";
    const after = envExample(before);
    expect(after.startsWith(`${before}\n\n`)).toBe(true);
    expect(after.slice(before.length).match(/^(?:# )?[A-Z_]+(?==)/gm)).toEqual([
      "UPSTASH_REDIS_REST_TOKEN",
      "# HEADGATE_SECRET",
    ]);
    expect(envExample(after)).toBe(after);
  });

  test(".env.example keeps Windows line endings", () => {
    const after = envExample("A=1\r\nB=2\r\n");
    expect(after).toMatch(/^A=1\r\nB=2\r\n\r\n# /);
    expect(after).not.toMatch(/[^\r]\n/);
  });
});

describe("what is shown and written", () => {
  const changed = () => {
    const folder = madeApp({ "a.txt": "one\ntwo\nthree\n" });
    const plan = new Plan(folder);
    plan.set("a.txt", "one\n2\nthree\n", "a number");
    plan.set("new/b.txt", "first\n", "a file");
    return { folder, plan };
  };

  test("showChanges returns a diff that git applies", () => {
    const { folder, plan } = changed();
    writeFileSync(join(folder, "all.diff"), showChanges(plan.changes(), false));
    execFileSync("git", ["apply", "all.diff"], { cwd: folder });
    expect(readFileSync(join(folder, "a.txt"), "utf8")).toBe("one\n2\nthree\n");
    expect(readFileSync(join(folder, "new", "b.txt"), "utf8")).toBe("first\n");
  });

  test("showChanges uses colours only on request", () => {
    const { plan } = changed();
    const plain = showChanges(plan.changes(), false);
    const coloured = showChanges(plan.changes(), true);
    expect(plain).not.toContain("\u001B");
    expect(coloured).toContain("\u001B[31m-two\u001B[0m\n\u001B[32m+2\u001B[0m");
    expect(stripVTControlCharacters(coloured)).toBe(plain);
  });

  test("a file that two parts plan has the later text, with both reasons", () => {
    const { plan } = changed();
    plan.set("a.txt", `${plan.read("a.txt")}four\n`, "one more");
    plan.set("same.txt", "", "nothing");
    expect(plan.changes()[0]).toEqual({
      path: "a.txt",
      before: "one\ntwo\nthree\n",
      after: "one\n2\nthree\nfour\n",
      why: "a number; one more",
    });
    plan.set("a.txt", "one\ntwo\nthree\n", "back");
    expect(plan.changes().map(({ path }) => path)).toEqual(["new/b.txt", "same.txt"]);
  });

  test("the error for a file that cannot be written names the files that were written before it", () => {
    const { folder, plan } = changed();
    plan.set("a.txt/c.txt", "c", "below a file");
    const write = () => writeChanges(folder, plan.changes());
    expect(write).toThrow(
      expect.objectContaining({
        code: "INIT_WRITE_FAILED",
        message: expect.stringMatching(
          /^a\.txt\/c\.txt cannot be written: .*These were written: a\.txt, new\/b\.txt\./,
        ) as string,
      }),
    );
    expect(existsSync(join(folder, "new", "b.txt"))).toBe(true);
  });
});

test("init reports a repository with changes that are not committed", async () => {
  const folder = madeApp(PAGE);
  const git = (...args: readonly string[]) => execFileSync("git", [...args], { cwd: folder });
  git("init", "-q");
  expect((await findApp(folder)).isDirty).toBe(true);
  git("add", "-A");
  git("-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "-qm", "all");
  const clean = await findApp(folder);
  expect([clean.isDirty, clean.gitRoot]).toEqual([false, folder]);
});
