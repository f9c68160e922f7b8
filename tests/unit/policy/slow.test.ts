import { describe, expect, test } from "vitest";
import { compilePattern } from "#lib/policy/pattern";
import { Problems } from "#lib/policy/errors";

function problemsOf(pattern: string) {
  const problems = new Problems();
  compilePattern(pattern, ["rules", "it", "match"], problems);
  return problems.found;
}

describe("an expression that takes long to fail", () => {
  test.each([
    ["/:p((?:\\w+\\s?)+)", ":p"],
    ["/x/:slug((?:(?:[a-z]+)-?)+)", ":slug"],
    ["/:p((?:a|a)*)", ":p"],
    ["/:p((?:.*,)+)", ":p"],
    ["/:p((?:[a-z]|[a-c])+x)", ":p"],
    ["/:p((?:é+é?)+)", ":p"],
    ["/:p((?:q+q?)+)", ":p"],
    ["/:p((?:[q-z]+7?)+)", ":p"],
    ["/:p((?:foo|foofoo)+)", ":p"],
    ["/:p((?:(?:2024|20|24)-?)+)", ":p"],
    ["/:p((?:\\x71+x?)+)", ":p"],
    ["/:p((?:\\u00e9+x?)+)", ":p"],
    ["/:id(\\d+)/:p((?:\\d+\\.?)+)", ":p"],
    ["/:a([^/]*):b([^/]*):c([^/]*):d([^/]*)", ":d"],
  ])("the slow pattern %s is rejected with the parameter %s", (pattern, parameter) => {
    const [problem] = problemsOf(pattern);
    expect(problem).toMatchObject({ code: "BAD_PATTERN", place: ["rules", "it", "match"] });
    expect(problem?.allowed).toContain(`${parameter}(`);
  });

  test.each([
    "/api/:id(\\d+)",
    "/:path*",
    "/(.*)",
    "/:a*/x/:b*",
    "/((?!_next|.*\\..*).*)",
    "/:lang(en|de)/:rest*",
    "/:x((?:-[a-z]+)*)",
    "/:day(\\d{4}-\\d{2}-\\d{2})",
    "/:id([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})",
    "/@:name([\\w.-]{1,64})",
  ])("the pattern %s is accepted", (pattern) => {
    expect(problemsOf(pattern)).toEqual([]);
  });
});
