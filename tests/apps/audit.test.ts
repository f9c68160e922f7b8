import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildOnce } from "#app/_programs/build";
import { ROOT, type RunningApp } from "../support/app.ts";
import { callCommand } from "../support/call-command.ts";
import { runCommand } from "../support/command.ts";
import { buildFixture, fixture, startFixture } from "../support/fixture.ts";

const FIXTURE = fixture("audit");

/** Runs the command line from the root of the repository. */
const headgate = (...args: readonly string[]) => callCommand(ROOT, {}, ...args);

/** The report of `headgate audit --json`. */
interface AuditData {
  readonly ok: boolean;
  readonly routes: readonly { readonly path: string; readonly covers: readonly object[] }[];
  readonly failures: readonly { readonly code: string; readonly subject: string }[];
}

describe("the sample app", () => {
  beforeAll(() => buildOnce(ROOT, () => {}));

  test("headgate audit passes for the sample app: every route handler has rules, or a reason to have no rule", async () => {
    const { stdout, status } = await runCommand(ROOT, {}, "audit");
    expect(stdout).toMatch(/^\/api\/health +handler +.* +exempt: a load balancer/m);
    expect(stdout).toMatch(/^\/api\/search +handler +.* +api, search$/m);
    expect(stdout).toMatch(/^\/login +page +GET +-\n +POST +login-posts$/m);
    expect(stdout).toMatch(/, 0 failures\n$/);
    expect(stdout).not.toContain("NOT COVERED");
    expect(stdout).not.toContain("/dev/");
    expect(status).toBe(0);
  });

  test("headgate audit fails for a policy that leaves out routes of the app", async () => {
    const { stdout, status } = await headgate(
      "audit",
      "tests/fixtures/audit/config/rate-limits.ts",
    );
    expect(stdout).toContain("app/api/login/route.ts  NOT_COVERED");
    expect(status).toBe(1);
  });
});

describe("an app with every mistake", () => {
  let app: RunningApp;

  beforeAll(async () => {
    buildFixture("audit");
    app = await startFixture("audit", {});
  });

  afterAll(() => app?.stop());

  /** Returns the handler that answers, and the rules that matched: null if the middleware did not run. */
  async function ask(path: string, method = "GET", headers: Record<string, string> = {}) {
    const answer = await fetch(app.url + path, { method, headers });
    return { text: await answer.text(), rules: answer.headers.get("x-rules") };
  }

  test("headgate audit reports each mistake of the app, and nothing else", async () => {
    const { stdout, status } = await headgate("audit", "--dir", FIXTURE, "--json");
    const { ok, failures, routes } = JSON.parse(stdout) as AuditData;
    expect(failures.map(({ code, subject }) => `${subject} ${code}`)).toEqual([
      "middleware.ts MATCHER_CONDITION",
      "app/api/half/route.ts NOT_COVERED",
      "app/api/items/[id]/route.ts NOT_COVERED",
      "pages/api/legacy.ts NOT_COVERED",
      "app/api/none/route.ts NOT_COVERED",
      "app/files/[name]/route.ts OUTSIDE_MATCHER",
      "app/outside/route.ts OUTSIDE_MATCHER",
      "next.config REWRITE_OUTSIDE_MATCHER",
      "next.config REWRITE_UNCOVERED",
    ]);
    expect(routes.find(({ path }) => path === "/api/health")?.covers).toMatchObject([
      { methods: ["GET"], rules: [], exempt: ["a load balancer asks every second"] },
    ]);
    expect(ok).toBe(false);
    expect(status).toBe(1);
  });

  test("headgate audit prints a table, and a paragraph for each mistake", async () => {
    const { stdout } = await headgate("audit", "--dir", FIXTURE);
    expect(stdout).toMatch(/^\/api\/half +handler +GET +NOT COVERED: no rule\n +POST +write$/m);
    expect(stdout).toMatch(/^\/guarded +handler +GET +guarded \(shadow\)$/m);
    expect(stdout).toContain(
      [
        "app/outside/route.ts  OUTSIDE_MATCHER",
        "  route    /outside",
        "  given    /outside is outside the matcher: the middleware does not run, and no rule is checked",
        "  allowed  a matcher that covers every path but static files:",
        String.raw`           "/((?!_next/static/|favicon\\.ico$).*)"`,
        "  more     headgate/docs/reference/audit-findings.md#outside_matcher",
        "",
      ].join("\n"),
    );
    expect(stdout).toMatch(/\n10 routes, 3 rewrites, 9 failures, 1 warning\n$/);
  });

  test.each([
    ["a route outside the matcher", "GET", "/outside", null],
    ["a parameter that ends like a file", "GET", "/files/a.png", null],
    ["a rewrite in another casing", "GET", "/SHORT/search", null],
    ["a rewrite", "GET", "/short/search", "none"],
    ["a method that no rule names", "GET", "/api/half", "none"],
    ["a parameter that no rule has", "GET", "/api/items/x", "none"],
    ["a handler without a rule", "GET", "/api/none", "none"],
    ["OPTIONS, to a handler of the pages router", "OPTIONS", "/api/legacy", "none"],
  ])(
    "a route that the audit reports is uncovered at run time: %s",
    async (_, method, path, rules) => {
      expect(await ask(path, method)).toEqual({ text: "the handler", rules });
    },
  );

  test("a matcher condition that the audit reports lets a client skip the rules", async () => {
    expect(await ask("/guarded")).toEqual({ text: "the handler", rules: "guarded" });
    const skipping = await ask("/guarded", "GET", { "x-skip": "1" });
    expect(skipping).toEqual({ text: "the handler", rules: null });
  });

  test.each([
    ["GET", "/api/search", "search"],
    ["POST", "/api/half", "write"],
    ["GET", "/api/items/12", "items"],
    ["GET", "/files/a.b", "files"],
    ["PROPFIND", "/api/legacy", "legacy"],
  ])(
    "a route that the audit reports as covered is checked at run time: %s %s",
    async (method, path, rules) => {
      expect(await ask(path, method)).toEqual({ text: "the handler", rules });
    },
  );
});

describe("the command", () => {
  test.each([
    [["audit", "none.ts"], "There is no file"],
    [
      ["audit", "--dir", "tests/fixtures/runtime", "config/rate-limits.ts"],
      "Run npm run build first",
    ],
    [["audit", "a", "b"], "is not a command"],
    [["audit", "--colour"], "--colour"],
    [["check", "--dir", "x"], "is not a command"],
  ])("headgate exits with 2 and a reason for %j", async (args, why) => {
    const { stderr, status } = await headgate(...args);
    expect(stderr).toContain(why);
    expect(status).toBe(2);
  });

  test("headgate audit exits with 1 and the errors of headgate check for an invalid policy", async () => {
    const { stderr, status } = await headgate("audit", "tests/fixtures/refused/no-rules.ts");
    expect(stderr).toContain("tests/fixtures/refused/no-rules.ts:");
    expect(stderr).toContain("NO_RULES");
    expect(status).toBe(1);
  });
});
