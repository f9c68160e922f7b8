import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compilePolicy } from "#lib/policy/compile";
import { definePolicy } from "#lib/policy/define";
import { pathReadings } from "#lib/policy/path";

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

const names = (method: string, path: string) =>
  policy.rulesFor(method, path)?.rules.map(({ name }) => name) ?? [];

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
  ])("%s %s: %j", (method, path, expected) => {
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
  ])("%s is counted as a search", (path) => {
    expect(names("GET", path)).toContain("search");
  });

  test.each([
    "/api/users/a%2fb",
    "/api/users/a%23b",
    "/api/users/a%3fb",
    "/api/users/a%0ab",
    "/api/users/%F0%9F%90%99",
  ])("%s is one user's", (path) => {
    expect(names("GET", path)).toContain("user");
  });

  test("a path that could be read as an exempt one and as another is not exempt", () => {
    expect(names("GET", "/api/hooks%2f..%2fsearch")).toContain("search");
  });

  test("are one object for the same set, and fail as the strictest of them", () => {
    expect(policy.rulesFor("GET", "/api/search")).toBe(policy.rulesFor("GET", "/api/search"));
    expect(policy.rulesFor("GET", "/api/search")?.onStoreFailure).toBe("local");
    expect(policy.rulesFor("GET", "/api/users/1")?.onStoreFailure).toBe("deny");
  });

  test("have limits that are named by rule, and where there are several by subject and window", () => {
    expect(
      policy.rulesFor("GET", "/api/search")?.limits.map(({ policyName }) => policyName),
    ).toEqual(["api", "search:ip:minute", "search:ip:day"]);
  });

  test("of one rule can be had by name, for calls from code", () => {
    expect(policy.ruleSet("code")?.limits).toHaveLength(1);
    expect(policy.ruleSet("toString")).toBeUndefined();
  });
});

describe("the readings of a path", () => {
  test("never throw, begin with a slash, and are read the same again", () => {
    const path = fc.oneof(
      fc.string({ unit: "binary" }).map((text) => `/${text}`),
      fc
        .array(
          fc.constantFrom(
            "/",
            "..",
            ".",
            "%2f",
            "%2e",
            "%",
            "%zz",
            "%c3",
            "\\",
            "a",
            ".rsc",
            ".json",
            "/_next/data/b/",
            ".segments/",
            ".segment",
            "%252f",
          ),
        )
        .map((parts) => `/${parts.join("")}`),
    );
    fc.assert(
      fc.property(path, (given) => {
        const readings = pathReadings(given);
        expect(readings.length).toBeGreaterThan(0);
        for (const reading of readings) {
          expect(reading.startsWith("/")).toBe(true);
          expect(reading === "/" || !reading.endsWith("/")).toBe(true);
          expect(
            reading
              .split("/")
              .slice(1)
              .some((segment) => segment === ".." || segment === "."),
          ).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("hold the plain path, whichever of its letters are encoded", () => {
    const letters = "/api/search".split("");
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { minLength: letters.length, maxLength: letters.length }),
        (encode) => {
          const path = letters.map((letter, i) => {
            const hex = letter.charCodeAt(0).toString(16);
            return encode[i] && letter !== "/" ? `%${hex}` : letter;
          });
          expect(pathReadings(path.join(""))).toEqual(["/api/search"]);
        },
      ),
    );
  });
});
