import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compilePolicy } from "#lib/policy/check/compile";
import { selected } from "../../support/selected.ts";
import { namesOf, policy, setOf } from "../../support/matched.ts";

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
    expect(namesOf(method, path)).toEqual(expected);
  });

  test("rules match case-insensitively, but exempt and replace only case-sensitively", () => {
    // Rewrites match in any case; routes do not, so another route such as /api/[name] may get the path.
    expect(namesOf("GET", "/API/Search")).toEqual(["api", "search"]);
    expect(namesOf("GET", "/api/HEALTH")).toEqual(["api"]);
    expect(namesOf("GET", "/api/Hooks/x")).toEqual(["api"]);
    expect(namesOf("GET", "/api/hooks/X")).toEqual([]);
    expect(namesOf("GET", "/api/EXPORT")).toEqual(["api", "export"]);
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
          const requested = `/${parts.join("/")}`;
          const together = setOf(compilePolicy({ rules }), "GET", requested)?.rules ?? [];
          const alone = Object.entries(rules).filter(([rule, given]) =>
            compilePolicy({ rules: { [rule]: given } }).match("GET", requested),
          );
          found += alone.length;
          expect(together.map(({ name: rule }) => rule)).toEqual(alone.map(([rule]) => rule));
        },
      ),
      { numRuns: 300 },
    );
    expect(found).toBeGreaterThan(100);
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
