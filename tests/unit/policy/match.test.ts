import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compilePolicy } from "#lib/policy/check/compile";
import { definePolicy } from "#lib/policy/define";
import { pathReadings } from "#lib/policy/path";
import type { CompiledPolicy } from "#lib/policy/types";
import { cpuMs } from "../../support/cpu.ts";
import { selected } from "../../support/selected.ts";

const policy = compilePolicy(
  definePolicy({
    exempt: { "/api/health": "a probe", "/api/hooks/:path*": "signed" },
    rules: {
      api: { match: "/api/:path*", limits: { ip: "600 per minute" } },
      search: {
        match: "/api/search",
        methods: ["GET"],
        limits: { ip: ["10 per minute", "200 per day"] },
        onStoreFailure: "local",
      },
      user: {
        match: ["/api/users/:id", "/people/:id(\\d+)"],
        limits: { ip: "5 per minute" },
        onStoreFailure: "deny",
      },
      export: { match: "/api/export", replaces: "api", limits: { ip: "5 per hour" } },
      preflight: { match: "/cors", methods: ["OPTIONS"], limits: { ip: "5 per hour" } },
      code: { limits: { ip: "5 per hour" } },
    },
  }),
);

const setOf = (from: CompiledPolicy, method: string, path: string) =>
  selected(from.match(method, path));

const names = (method: string, path: string) =>
  setOf(policy, method, path)?.rules.map(({ name }) => name) ?? [];

describe("the rules of a request", () => {
  test.each([
    ["GET", "/api/search", ["api", "search"]],
    ["HEAD", "/api/search", ["api", "search"]],
    ["POST", "/api/search", ["api"]],
    ["GET", "/api", ["api"]],
    ["GET", "/", []],
    ["GET", "/api/export", ["export"]],
    ["GET", "/people/12", ["user"]],
    ["GET", "/people/x", []],
    ["GET", "/api/health", []],
    ["GET", "/api/hooks/a/b", []],
    ["OPTIONS", "/api/search", []],
    ["OPTIONS", "/cors", ["preflight"]],
    ["PURGE", "/api/search", ["api"]],
  ])("a request %s %s matches the rules %j", (method, path, expected) => {
    expect(names(method, path)).toEqual(expected);
  });

  test.each([
    "/API/Search",
    "/api/search/",
    "//api///search",
    "/api/%73earch",
    "/%61%70%69/search",
    "/api/x/../search",
    "/api/./search",
    "/api\\search",
    "/api%2fsearch",
    "/api/%2e%2e/api/search",
    "/api/search.rsc",
    "/_next/data/build/api/search.json",
    "/api/search.segments/_tree.segment.rsc",
    "/api/search.segments/_tree.segment",
    "/api/x.segments/../search.segments/_tree.segment",
    "/_next/data/build/index/api/search.json",
    "/_next/data/build/api/search.rsc.json",
    "/_next/data/build/api%2fsearch.json",
    "/api/search%2f",
    "/api%5csearch",
    "/api/se%61rch",
  ])("the path %s is counted as a search", (path) => {
    expect(names("GET", path)).toContain("search");
  });

  test.each([
    "/api/users/a%2fb",
    "/api/users/a%5cb",
    "/api/users/%5ca",
    "/api/users/..%2f..%2fsearch",
    "/api/users/a%ff",
    "/api/%75sers%2f%ff%61",
    "/api/users/a.segments/b.segment",
    "/api/users/a%23b",
    "/api/users/a%3fb",
    "/api/users/a%0ab",
    "/api/users/%F0%9F%90%99",
  ])("the path %s matches the rule of one user", (path) => {
    expect(names("GET", path)).toContain("user");
  });

  test("a path with an exempt reading and another reading is not exempt", () => {
    expect(names("GET", "/api/hooks%2f..%2fsearch")).toContain("search");
  });

  test("rules match case-insensitively, but exempt and replace only case-sensitively", () => {
    // Rewrites match in any case; routes do not, so another route such as /api/[name] may get the path.
    expect(names("GET", "/API/Search")).toEqual(["api", "search"]);
    expect(names("GET", "/api/HEALTH")).toEqual(["api"]);
    expect(names("GET", "/api/Hooks/x")).toEqual(["api"]);
    expect(names("GET", "/api/hooks/X")).toEqual([]);
    expect(names("GET", "/api/EXPORT")).toEqual(["api", "export"]);
  });

  test("a rule that lists a path in several letter cases replaces another on each of them", () => {
    const exporting = compilePolicy({
      rules: {
        api: { match: "/api/:path*", limits: { ip: "600 per minute" } },
        export: {
          match: ["/api/export", "/API/Export", "/api/export/:id", "/api/:kind/All"],
          replaces: "api",
          limits: { ip: "5 per hour" },
        },
      },
    });
    const rulesOf = (path: string) => setOf(exporting, "GET", path)?.rules.map(({ name }) => name);
    for (const path of ["/api/export", "/API/Export", "/api/export/all", "/api/export/All"]) {
      expect([path, rulesOf(path)]).toEqual([path, ["export"]]);
    }
    expect(rulesOf("/api/EXPORT")).toEqual(["api", "export"]);
  });

  test("the rules of a request are those that match it alone, for any number of rules", () => {
    const part = fc.constantFrom("a", "ab", "A", "σ", "ς", "ẞ", "K", "\u212a", "İ", "x.y", "z");
    const name = fc.constantFrom(":one", ":one(\\d+)", ":one?", ":one*", "a:one", "σ:one", "(.*)");
    const pattern = fc
      .tuple(fc.array(part, { maxLength: 3 }), fc.option(name))
      .map(([parts, last]) => `/${[...parts, ...(last ? [last] : [])].join("/")}`);
    const path = fc.array(fc.oneof(part, fc.constant("1")), { maxLength: 4 });
    let found = 0;
    fc.assert(
      fc.property(
        fc.uniqueArray(pattern, { minLength: 1, maxLength: 12 }),
        path,
        (patterns, parts) => {
          const rules = Object.fromEntries(
            patterns.map((match, i) => [`rule${i}`, { match, limits: { ip: "5 per hour" } }]),
          );
          const asked = `/${parts.join("/")}`;
          const together = setOf(compilePolicy({ rules }), "GET", asked)?.rules ?? [];
          const alone = Object.entries(rules).filter(([rule, given]) =>
            compilePolicy({ rules: { [rule]: given } }).match("GET", asked),
          );
          found += alone.length;
          expect(together.map(({ name: rule }) => rule)).toEqual(alone.map(([rule]) => rule));
        },
      ),
      { numRuns: 300 },
    );
    expect(found).toBeGreaterThan(100);
  });

  test("a rule is not replaced by a rule that matches only another reading of the path", () => {
    expect(names("GET", "/api/users/a%2f..%2f..%2fexport")).toEqual(["api", "user", "export"]);
    expect(names("GET", "/api/%65xport/")).toEqual(["export"]);
  });

  test("rules match the page that Next serves for a path with several additions", () => {
    const photos = compilePolicy({
      rules: { photos: { match: "/users/:id/photos", limits: { ip: "5 per minute" } } },
    });
    const path = "/users/a.segments/photos.segments/_tree.segment.rsc";
    expect(setOf(photos, "GET", path)?.rules.map(({ name }) => name)).toEqual(["photos"]);
  });

  test.each([
    ["/feed/(.)photo/1", "/feed/photo/1"],
    ["/(.)photo/1", "/photo/1"],
    ["/feed/(..)photo/1", "/photo/1"],
    ["/feed/mine/(..)(..)photo/1", "/photo/1"],
    ["/a/b/c/(...)photo/1", "/photo/1"],
    ["/feed/%28..%29photo/1.rsc", "/photo/1"],
    ["/_next/data/b/feed/(..)photo/1.json", "/photo/1"],
  ])("the intercepting route %s has the rules of the intercepted page", (path, page) => {
    expect(pathReadings(path)).toContain(page);
  });

  test("a data path's page is read without its locale, also after /index/, which Next removes", () => {
    for (const path of ["/_next/data/b/fr/old.json", "/_next/data/b/index/fr/old.json"]) {
      expect(pathReadings(path, true)).toContain("/old");
      expect(pathReadings(path)).not.toContain("/old");
    }
    expect(pathReadings("/_next/data/b/fr.json", true)).toContain("/");
  });

  test("rules match a path of any length, and no long path is exempt", () => {
    const long = "x".repeat(4000);
    expect(names("GET", `/api/${long}`)).toEqual(["api"]);
    expect(names("GET", `/api/users/${long}/more`)).toEqual(["api", "user"]);
    expect(names("GET", `/api/hooks/${long}`)).toContain("api");
    expect(names("GET", `/${"./".repeat(4000)}api/search`)).toContain("search");
    expect(names("GET", `/api/${"%78".repeat(500)}`)).toEqual(["api"]);
  });

  test("rules match the same letter cases as a case-insensitive expression", () => {
    const greek = compilePolicy({
      rules: { greek: { match: "/λόγος/:id", limits: { ip: "5 per hour" } } },
    });
    expect(setOf(greek, "GET", "/ΛΌΓΟΣ/1")?.rules).toHaveLength(1);
    expect(setOf(greek, "GET", "/λόγοσ/1")?.rules).toHaveLength(1);
    expect(setOf(greek, "GET", "/λόγοσ/" + "1".repeat(3000))?.rules).toHaveLength(1);
    expect(setOf(greek, "GET", "/logos/1")?.rules).toBeUndefined();
  });

  test("no rule is replaced on a path that is too long for expressions", () => {
    const reports = compilePolicy({
      rules: {
        api: { match: "/api/:path*", limits: { ip: "5 per minute" } },
        report: { match: "/api/:id/report", replaces: "api", limits: { ip: "50 per minute" } },
      },
    });
    const found = setOf(reports, "GET", `/api/${"x".repeat(4000)}/other`)?.rules;
    expect(found?.map(({ name }) => name)).toEqual(["api", "report"]);
    expect(setOf(reports, "GET", "/api/x/report")?.rules).toHaveLength(1);
  });

  test.each([
    ["many marks", "/(..)q".repeat(50_000)],
    ["many parts", "/q".repeat(100_000)],
    ["many suffixes", `/a${".segments/b".repeat(50_000)}.segment.rsc`],
    ["nothing but suffixes", ".rsc".repeat(100_000)],
    ["many encoded slashes", `/${"%2f".repeat(100_000)}x`],
    ["much that is not UTF-8", `/${"%ff%61".repeat(50_000)}`],
  ])("rules are found in bounded time in a path of %s", (_, path) => {
    const twice = compilePolicy({
      rules: { it: { match: "/:a*/q/:b*/w", limits: { ip: "5 per minute" } } },
    });
    const start = cpuMs();
    twice.match("GET", path);
    // Quadratic work on any of these takes ten seconds and more; linear work some tens of milliseconds.
    expect(cpuMs() - start).toBeLessThan(2000);
  });

  test("equal sets of rules are one object, with the strictest onStoreFailure", () => {
    expect(setOf(policy, "GET", "/api/search")).toBe(setOf(policy, "GET", "/api/search"));
    expect(setOf(policy, "GET", "/api/search")?.onStoreFailure).toBe("local");
    expect(setOf(policy, "GET", "/api/users/1")?.onStoreFailure).toBe("deny");
  });

  test("limits are named by rule, subject and window", () => {
    expect(setOf(policy, "GET", "/api/search")?.limits.map(({ policyName }) => policyName)).toEqual(
      ["api:ip:minute", "search:ip:minute", "search:ip:day"],
    );
  });

  test("the match of one rule is found by its name, for calls from code", () => {
    expect(selected(policy.rule("code"))?.limits).toHaveLength(1);
    expect(policy.rule("toString")).toBeUndefined();
  });
});

describe("the cache of matches", () => {
  const given = definePolicy({
    rules: {
      pages: {
        match: "/pages/:path*",
        prefetch: { times: 5 },
        limits: { ip: "600 per minute" },
      },
      writes: { match: "/pages/:path*", methods: ["POST"], limits: { ip: "5 per minute" } },
      data: { match: "/data/:path*", limits: { ip: "5 per minute" } },
    },
  });
  const requests = fc.tuple(
    fc.constantFrom("GET", "POST", "HEAD", "OPTIONS"),
    fc.constantFrom(
      "/pages/a",
      "/pages/b",
      "/PAGES/a",
      "/other",
      "/_next/data/build/en/pages/a.json",
      "/_next/data/build/en/data/a.json",
      `/pages/${"a".repeat(300)}`,
    ),
    fc.boolean(),
    fc.boolean(),
  );

  test("a cached match equals the match of a new policy", () => {
    const found = (from: CompiledPolicy, request: Parameters<CompiledPolicy["match"]>) => {
      const match = from.match(...request);
      return match && [match.rules.map(({ name }) => name), match.readings, match.patterns];
    };
    const one = compilePolicy(given);
    fc.assert(
      fc.property(fc.array(requests, { minLength: 2, maxLength: 12 }), (many) => {
        for (const request of many) {
          expect(JSON.stringify(found(one, request))).toBe(
            JSON.stringify(found(compilePolicy(given), request)),
          );
        }
      }),
      { numRuns: 60 },
    );
  });

  test.each(["/api/users/1", `/api/users/${"1".repeat(300)}`])(
    "the path %s has the same match each time",
    (path) => {
      expect(policy.match("GET", path)).toBe(policy.match("GET", path));
    },
  );
});
