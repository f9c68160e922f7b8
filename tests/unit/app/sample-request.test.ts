import { match } from "path-to-regexp";
import { expect, test } from "vitest";
import { samplePath, sampleRequest } from "#app/_page/sample-request";
import policy from "#config/rate-limits";
import { compilePolicy } from "#lib/policy/compile";
import { definePolicy } from "#lib/policy/define";

test.each([
  ["/api/search", "/api/search"],
  ["/api/:path*", "/api"],
  ["/:path*", "/"],
  ["/api/users/:id", "/api/users/1"],
  ["/api/users/:id/:tab?", "/api/users/1"],
  ["/api/:path+", "/api/1"],
  ["/api/:id(\\d+)/posts", "/api/1/posts"],
  ["/:locale(de|fr)/about", "/de/about"],
  ["/:locale([a-z]{2})/about", "/en/about"],
  ["/files/(.*)", "/files/1"],
  ["/on/:day(\\d{4}-\\d\\d-\\d\\d)", "/on/2026-01-01"],
  ["/api/:key([A-F]{8})", undefined],
])("a sample of %s is %s", (pattern, path) => {
  expect(samplePath(pattern)).toBe(path);
});

test("every rule of this app that has paths gets a request that it applies to", () => {
  const rules = [...compilePolicy(policy).rules.values()].filter((rule) => rule.match.length > 0);
  expect(rules.length).toBeGreaterThan(0);
  for (const rule of rules) {
    const sample = sampleRequest(rule);
    const [pattern = ""] = rule.match;
    expect(match(pattern)(sample?.path ?? "")).toBeTruthy();
    expect(rule.methods?.has(sample?.method ?? "") ?? sample?.method === "GET").toBe(true);
  }
});

test("asks as the rule says, and only a rule that decides for all must be in the answer", () => {
  const { rules } = compilePolicy(
    definePolicy({
      identities: {},
      rules: {
        plain: { match: ["/a", "/b"], limits: { ip: "1 per hour" } },
        post: { match: "/a", methods: ["POST", "PUT"], limits: { ip: "1 per hour" } },
        watched: { match: "/a", mode: "shadow", limits: { ip: "1 per hour" } },
        code: { limits: { ip: "1 per hour" } },
      },
    }),
  );
  expect([...rules.values()].map(sampleRequest)).toStrictEqual([
    { method: "GET", path: "/a", isHeld: true },
    { method: "POST", path: "/a", isHeld: true },
    { method: "GET", path: "/a", isHeld: false },
    undefined,
  ]);
});
