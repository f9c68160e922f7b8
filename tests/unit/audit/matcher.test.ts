import { describe, expect, test } from "vitest";
import type { Project } from "../../support/audit-project.ts";
import { audits, GET, rule } from "../../support/audits.ts";

const { audit, failuresOf } = audits();

describe("the matcher", () => {
  const policy = {
    exempt: { "/api/free": "free" },
    rules: { api: rule(["/api/:path*", "/base/api/:path*"]) },
  };

  test.each([
    [["/other"], "/api/free"],
    [["/api"], "/api/free"],
    [["/API/:path*"], "/api/free"],
  ])(
    "the matcher %j fails when it excludes a handler, even an exempt one",
    async (matchers, path) => {
      expect(await failuresOf({ app: { "api/free/route": GET }, matchers, policy })).toEqual([
        `OUTSIDE_MATCHER ${path}: ${path} is outside the matcher: the middleware does not run, and no rule is checked`,
      ]);
    },
  );

  test("a matcher that excludes /favicon.ico fails for a route with a parameter, unless a file answers", async () => {
    const given: Project = {
      app: { "[name]/route": GET },
      matchers: [String.raw`/((?!_next/static/|favicon\.ico$).*)`],
      policy: { rules: { all: rule("/:name") } },
    };
    expect((await audit(given)).failures.map(({ allowed }) => allowed)).toEqual([
      "a file public/favicon.ico or app/favicon.ico, which answers before the route does",
    ]);
    expect(await failuresOf({ ...given, files: ["favicon.ico"] })).toEqual([]);
  });

  test("a matcher that excludes file endings also excludes parameters with such an ending", async () => {
    const failures = await failuresOf({
      app: { "api/[name]/route": GET },
      matchers: [String.raw`/((?!_next/static|.*\.(?:docx|png)$).*)`],
      policy,
    });
    expect(failures).toEqual([expect.stringContaining("/api/a.png is outside the matcher")]);
    const rare = await failuresOf({
      app: { "api/[name]/route": GET },
      matchers: [String.raw`/((?!.*\.rare$).*)`],
      policy,
    });
    expect(rare).toEqual([expect.stringContaining("/api/a.rare is outside the matcher")]);
  });

  test.each(["has", "missing"])("a matcher with %s conditions fails the audit", async (kind) => {
    const condition = { type: "header", key: "x-skip" };
    const matchers = [{ source: "/:path*", [kind]: [condition] }];
    expect(await failuresOf({ app: { "api/x/route": GET }, matchers, policy })).toEqual([
      `MATCHER_CONDITION /:path*: the matcher has ${kind}: clients can choose whether rules are checked`,
    ]);
  });

  test("the matcher is found when the middleware runs on Node, and reported when there is no middleware", async () => {
    const app = { "api/x/route": GET };
    expect(await failuresOf({ app, inNode: true, policy })).toEqual([]);
    expect(await failuresOf({ app, inNode: true, matchers: ["/other"], policy })).toHaveLength(1);
    expect(await failuresOf({ app, matchers: null, policy })).toEqual([
      "NO_MIDDLEWARE none: the build has no middleware, so no rule is ever checked",
    ]);
  });

  test("the matcher is checked with base path and locale, and the rules without", async () => {
    const app = { "api/x/route": GET };
    const i18n = { locales: ["en", "de"], defaultLocale: "en" };
    expect(await failuresOf({ app, basePath: "/base", policy })).toEqual([]);
    expect(await failuresOf({ app, basePath: "/base", i18n, policy })).toEqual([]);
    const based = { rules: { api: rule("/base/api/:path*") } };
    expect(await failuresOf({ app, basePath: "/base", policy: based })).toEqual([
      "NOT_COVERED /api/x: no rule covers GET /api/x, and it is not exempt",
    ]);
    expect(await failuresOf({ app, i18n, pages: ["/en/old", "/de/old"], policy })).toEqual([]);
  });
});
