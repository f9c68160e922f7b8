import { globSync } from "node:fs";
import { dirname, join } from "node:path";
import { match } from "path-to-regexp";
import { expect, test } from "vitest";
import { exemptPaths, samplePath, sampleRequests } from "#app/_page/sample-request";
import { SAMPLES } from "#app/_page/samples";
import policy from "#config/rate-limits";
import { compilePolicy } from "#lib/policy/check/compile";
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
])("samplePath(%s) is %s", (pattern, path) => {
  expect(samplePath(pattern)).toBe(path);
});

const compiled = compilePolicy(policy);

test("every rule of this app with a path gets requests that it applies to", () => {
  const rules = [...compiled.rules.values()].filter((rule) => rule.match.length > 0);
  expect(rules.length).toBeGreaterThan(0);
  for (const rule of rules) {
    const samples = sampleRequests(rule, compiled);
    expect(samples.length).toBeGreaterThanOrEqual(rule.match.length);
    for (const { method, path } of samples) {
      const [pathname = ""] = path.split("?");
      expect(rule.match.some((pattern) => match(pattern)(pathname))).toBe(true);
      expect(rule.methods?.has(method) ?? true).toBe(true);
    }
  }
});

test("the page has a request for every route of the app", () => {
  const app = join(import.meta.dirname, "..", "..", "..", "app");
  const routes = globSync("api/**/route.ts", { cwd: app }).map((file) => `/${dirname(file)}`);
  expect(routes.length).toBeGreaterThan(0);
  expect(Object.keys(SAMPLES)).toEqual(expect.arrayContaining(routes));
  const sent = [...compiled.rules.values()].flatMap((rule) => sampleRequests(rule, compiled));
  const opened = [...exemptPaths(compiled).values()].flat();
  const reached = [...sent.map(({ path }) => path.split("?")[0]), ...opened];
  for (const path of Object.keys(SAMPLES)) expect(reached).toContain(path);
});

test("a sample request has the body that the route accepts, and a note about its effect", () => {
  const rule = compiled.rules.get("profile-delete");
  expect(rule && sampleRequests(rule, compiled)).toStrictEqual([
    {
      method: "POST",
      path: "/api/dashboard/profile/delete",
      body: {},
      note: "Deletes the user’s profile.",
      needs: "user",
      isHeld: true,
    },
  ]);
});

test("a path without a sample gets the rule's method, and its answer must have limits only when the rule decides for all clients", () => {
  const made = compilePolicy(
    definePolicy({
      identities: {},
      rules: {
        plain: { match: ["/a", "/b"], limits: { ip: "1 per hour" } },
        post: { match: "/a", methods: ["POST", "PUT"], limits: { ip: "1 per hour" } },
        watched: { match: "/a", mode: "shadow", limits: { ip: "1 per hour" } },
        put: { match: "/api/search", methods: ["PUT"], limits: { ip: "1 per hour" } },
        all: { match: "/x/:path*", limits: { ip: "1 per hour" } },
        code: { limits: { ip: "1 per hour" } },
      },
    }),
  );
  expect([...made.rules.values()].map((rule) => sampleRequests(rule, made))).toStrictEqual([
    [
      { method: "GET", path: "/a", isHeld: true },
      { method: "GET", path: "/b", isHeld: true },
    ],
    [{ method: "POST", path: "/a", isHeld: true }],
    [{ method: "GET", path: "/a", isHeld: false }],
    [{ method: "PUT", path: "/api/search", isHeld: true }],
    [{ method: "GET", path: "/x", isHeld: true }],
    [],
  ]);
});

test("a pattern of many paths gets requests to the routes that only it matches", () => {
  const made = compilePolicy(
    definePolicy({
      identities: {},
      exempt: { "/api/health/:path*": "requested every second" },
      rules: {
        all: { match: "/api/:path*", limits: { ip: "1 per hour" } },
        pipeline: { match: "/api/admin/:path*", limits: { ip: "1 per hour" } },
      },
    }),
  );
  const paths = [...made.rules.values()].map((rule) =>
    sampleRequests(rule, made).map(({ path }) => path),
  );
  expect(paths[0]).toContain("/api/analytics/counts?artistId=artist-001");
  expect(paths[0]).not.toContain("/api/health");
  expect(paths[0]).not.toContain("/api/admin/pipeline/trigger");
  expect([...exemptPaths(made).values()]).toStrictEqual([["/api/health", "/api/health/redis"]]);
});
