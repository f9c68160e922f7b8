import { expect, test, describe } from "vitest";
import type { Project } from "../../support/audit-project.ts";
import { audits, GET, rule } from "../../support/audits.ts";

/** An app with a search that has a smaller limit than the rest. */
const app = {
  "api/search/route": GET,
  "api/items/[id]/route": GET,
};
const rules = { api: rule("/api/:path*"), search: rule("/api/search") };

const { audit: auditProject } = audits();
const audit = (given: Partial<Project>) => auditProject({ app, policy: { rules }, ...given });

async function failuresOf(given: Partial<Project>): Promise<readonly string[]> {
  const { failures } = await audit(given);
  return failures.map(({ code, given }) => `${code}: ${given}`);
}

const to = (source: string, destination: string, more: object = {}) => ({
  rewrites: [{ source, destination, ...more }],
});

describe("a rewrite to a limited route", () => {
  test("a rewrite fails when its source lacks rules of its destination", async () => {
    expect(await failuresOf(to("/find", "/api/search"))).toEqual([
      "REWRITE_UNCOVERED: /find reaches /api/search without rules api and search",
    ]);
    expect(await failuresOf(to("/api/find", "/api/search"))).toEqual([
      "REWRITE_UNCOVERED: /api/find reaches /api/search without rule search",
    ]);
  });

  test("a rewrite does not fail when its source matches each rule", async () => {
    const policy = {
      rules: { api: rule(["/api/:path*", "/find"]), search: rule(["/api/search", "/find"]) },
    };
    const { failures, rewrites } = await audit({ ...to("/find", "/api/search"), policy });
    expect(failures).toEqual([]);
    expect(rewrites[0]).toMatchObject({ isExternal: false, rules: ["api", "search"] });
  });

  test("a rewrite fails for methods that the source's rules exclude", async () => {
    const posts = { rules: { api: rule("/api/:p*", { methods: ["POST"] }) } };
    expect(await failuresOf({ app: {}, ...to("/find", "/api/search"), policy: posts })).toEqual([
      "REWRITE_UNCOVERED: /find reaches /api/search with POST without rule api",
    ]);
  });

  test("a rewrite fails when the source is exempt and the destination is not", async () => {
    const policy = {
      exempt: { "/find": "by mistake" },
      rules: { api: rule("/:path*") },
    };
    expect(await failuresOf({ ...to("/find", "/api/search"), policy })).toEqual([
      "REWRITE_UNCOVERED: /find reaches /api/search without rule api",
    ]);
  });

  test("a rewrite fails for the one path of many that has more rules", async () => {
    const policy = { rules: { ...rules, api: rule(["/api/:path*", "/short/:path*"]) } };
    expect(await failuresOf({ ...to("/short/:path*", "/api/:path*"), policy })).toEqual([
      "REWRITE_UNCOVERED: /short/search reaches /api/search without rule search",
    ]);
    expect(await failuresOf({ ...to("/short/:path(.*)", "/api/:path"), policy })).toEqual([
      "REWRITE_UNCOVERED: /short/search reaches /api/search without rule search",
    ]);
  });

  test("a rewrite fails for a rule of paths without a route", async () => {
    const policy = {
      rules: { old: rule("/api/:version(v1|v2)/old"), rest: rule("/:path*") },
    };
    expect(await failuresOf({ ...to("/s/:path*", "/api/:path*"), policy })).toEqual([
      "REWRITE_UNCOVERED: /s/v1/old reaches /api/v1/old without rule old",
    ]);
  });

  test("a rewrite does not fail when its own expression excludes that path", async () => {
    const policy = { rules: { ...rules, api: rule(["/api/:path*", "/short/:id"]) } };
    expect(await failuresOf({ ...to("/short/:id(\\d+)", "/api/:id"), policy })).toEqual([]);
  });

  test("a rewrite fails when it leads to a limited route through another rewrite", async () => {
    const rewrites = [
      { source: "/first", destination: "/second" },
      { source: "/second", destination: "/api/search" },
    ];
    const policy = {
      rules: { api: rule(["/api/:path*", "/second"]), search: rule(["/api/search", "/second"]) },
    };
    expect(await failuresOf({ rewrites, policy })).toEqual([
      "REWRITE_UNCOVERED: /first reaches /second without rules api and search",
    ]);
    const wide = [
      { source: "/one/:path*", destination: "/two/:path*" },
      { source: "/two/:path*", destination: "/api/:path*" },
    ];
    const only = { rules: { search: rule(["/api/search", "/two/search"]) } };
    const search = { "api/search/route": app["api/search/route"] };
    expect(await failuresOf({ app: search, rewrites: wide, policy: only })).toEqual([
      "REWRITE_UNCOVERED: /one/search reaches /two/search without rule search",
    ]);
  });

  test("a value that a condition captures can be any text of a client", async () => {
    const has = [{ type: "header", key: "x-page", value: "(?<page>.*)" }];
    const policy = { rules: { ...rules, api: rule(["/api/:path*", "/go"]) } };
    expect(await failuresOf({ ...to("/go", "/api/:page", { has }), policy })).toEqual([
      "REWRITE_UNCOVERED: /go reaches /api/search without rule search",
    ]);
    expect(await failuresOf(to("/go", "/pages/:page", { has }))).toEqual([]);
  });

  test("a rewrite without a sample path fails unless its destination has no rule", async () => {
    const odd = "/odd/:id(q[wx]{3}z)";
    expect(await failuresOf(to(odd, "/api/search"))).toEqual([
      "REWRITE_UNKNOWN: no path was found that its source matches, and its destination may be limited",
    ]);
    expect(await failuresOf(to(odd, "/pages/x"))).toEqual([]);
  });

  test.each(["/u/:id([0-9a-f]{24})", "/u/:id([0-9a-f-]{36})", "/u/:id(\\d{4}-\\d{2}-\\d{2})"])(
    "finds a path for %s",
    async (source) => {
      const failures = await failuresOf(to(source, "/api/items/:id"));
      expect(failures).toEqual([
        expect.stringMatching(/^REWRITE_UNCOVERED: \/u\/[0-9a-f-]+ reaches/),
      ]);
    },
  );
});

describe("a rewrite in another casing", () => {
  const policy = {
    rules: {
      api: rule(["/api/:path*", "/short/:p*"]),
      search: rule(["/api/search", "/short/search"]),
    },
  };
  const narrow = { matchers: ["/api/:path*", "/short/:path*"], policy };

  test("a rewrite in another casing fails when the matcher has only one", async () => {
    expect(await failuresOf({ ...to("/short/:path*", "/api/:path*"), policy })).toEqual([]);
    expect(await failuresOf({ ...to("/short/:path*", "/api/:path*"), ...narrow })).toEqual([
      "REWRITE_OUTSIDE_MATCHER: /SHORT/x reaches /api/x, and is outside the matcher: rule api is never checked",
    ]);
  });

  test("a rewrite in another casing does not fail when the app is case-sensitive", async () => {
    const given = { ...to("/short/:path*", "/api/:path*"), ...narrow, caseSensitive: true };
    expect(await failuresOf(given)).toEqual([]);
  });

  test("a rewrite in another casing of the base path fails, because no matcher can cover it", async () => {
    const based = {
      rules: {
        api: rule(["/api/:path*", "/find"]),
        search: rule(["/api/search", "/find"]),
      },
    };
    const given = { basePath: "/base", ...to("/find", "/api/search"), policy: based };
    const { failures } = await audit(given);
    expect(failures.map(({ given, allowed }) => [given, allowed])).toEqual([
      [
        "/BASE/FIND reaches /api/search, and is outside the matcher: rules api and search is never checked",
        expect.stringContaining("caseSensitiveRoutes: true"),
      ],
    ]);
    expect(await failuresOf({ ...given, caseSensitive: true })).toEqual([]);
    // Next always matches these in any case.
    const before = { ...given, caseSensitive: true, inBeforeFiles: true };
    expect(await failuresOf(before)).toEqual([expect.stringContaining("/BASE/FIND")]);
  });
});

describe("a rewrite that fails nothing", () => {
  test("a rewrite out of the app, to a page without rules, or to an exempt path does not fail", async () => {
    const rewrites = [
      { source: "/away/:path*", destination: "https://example.com/:path*" },
      { source: "/about", destination: "/pages/about?from=:path" },
      { source: "/live", destination: "/api/live" },
    ];
    const policy = { exempt: { "/api/live": "asked every second" }, rules };
    const { failures, rewrites: listed } = await audit({ rewrites, policy });
    expect(failures).toEqual([]);
    expect(listed.map(({ isExternal }) => isExternal)).toEqual([true, false, false]);
  });

  test("a rewrite of Next for an intercepting route does not fail", async () => {
    const has = [{ type: "header", key: "next-url", value: "/.*" }];
    const policy = { rules: { photos: rule("/photo/:id") } };
    const given = to("/photo/:id", "/(.)photo/:id", { has });
    expect(
      await failuresOf({ app: { "@modal/(.)photo/[id]/page": "" }, ...given, policy }),
    ).toEqual([]);
  });
});

test.each([
  ["a list", (rewrites: object) => rewrites],
  ["an object", (rewrites: object) => ({ beforeFiles: rewrites })],
])("rewrites that the gate knows as %s bypass no rule", async (_, shape) => {
  const given = to("/find/:path*", "/api/:path*");
  expect(await failuresOf(given)).toHaveLength(1);
  const env = { HEADGATE_REWRITES: JSON.stringify(shape(given.rewrites)) };
  expect(await failuresOf({ ...given, env })).toEqual([]);
});

test("a rewrite of every locale is sampled in each", async () => {
  const i18n = { locales: ["en", "de"], defaultLocale: "en" };
  const only = { rules: { search: rule("/api/search") } };
  const given = {
    i18n,
    app: { "api/search/route": "export function GET() {}" },
    ...to("/find", "/api/search"),
  };
  expect(await failuresOf({ ...given, policy: only })).toEqual([
    expect.stringMatching(
      /^REWRITE_UNCOVERED: .*\/en\/find reaches \/api\/search without rule search/,
    ),
  ]);
  // The gate reads a path without its locale.
  const both = { rules: { search: rule(["/api/search", "/find"]) } };
  expect(await failuresOf({ ...given, policy: both })).toEqual([]);
});
