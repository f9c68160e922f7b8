import { describe, expect, test } from "vitest";
import { compilePolicy } from "#lib/policy/check/compile";
import { pathReadings } from "#lib/policy/path";
import { cpuMs } from "../../support/cpu.ts";
import { namesOf, setOf } from "../../support/matched.ts";

describe("the rules of a path", () => {
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
    expect(namesOf("GET", path)).toContain("search");
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
    expect(namesOf("GET", path)).toContain("user");
  });

  test("a path with an exempt reading and another reading is not exempt", () => {
    expect(namesOf("GET", "/api/hooks%2f..%2fsearch")).toContain("search");
  });

  test("a rule is not replaced by a rule that matches only another reading of the path", () => {
    expect(namesOf("GET", "/api/users/a%2f..%2f..%2fexport")).toEqual(["api", "user", "export"]);
    expect(namesOf("GET", "/api/%65xport/")).toEqual(["export"]);
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
    expect(namesOf("GET", `/api/${long}`)).toEqual(["api"]);
    expect(namesOf("GET", `/api/users/${long}/more`)).toEqual(["api", "user"]);
    expect(namesOf("GET", `/api/hooks/${long}`)).toContain("api");
    expect(namesOf("GET", `/${"./".repeat(4000)}api/search`)).toContain("search");
    expect(namesOf("GET", `/api/${"%78".repeat(500)}`)).toEqual(["api"]);
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
});
