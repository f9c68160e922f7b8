import { NextRequest } from "next/server.js";
import { describe, expect, test } from "vitest";
import { type MatcherEntry, runsOn } from "#lib/runs-on";

function runs(
  matcher: MatcherEntry | readonly MatcherEntry[],
  path: string,
  init: RequestInit = {},
) {
  const own = runsOn(matcher, () => "ran");
  const { headers, method } = init;
  const request = new NextRequest(`http://app.example${path}`, {
    ...(headers && { headers }),
    ...(method && { method }),
  });
  return own(request, undefined) === "ran";
}

describe("runsOn", () => {
  const PAGES = String.raw`/((?!api|_next|.*\..*).*)`;

  test.each([
    ["/", true],
    ["/about", true],
    ["/de/about", true],
    ["/api/me", false],
    ["/_next/image", false],
    ["/logo.png", false],
    ["/robots.txt", false],
  ])("with next-intl's matcher, middleware on %s runs: %s", (path, expected) => {
    expect(runs(PAGES, path)).toBe(expected);
  });

  test("middleware runs when any of several entries matches, with a slash at the end, and in the same letter case", () => {
    const matcher = ["/about/:path*", "/shop"];
    const paths = ["/about", "/about/us/x", "/SHOP", "/shop/", "/other", "/about-us"];
    expect(paths.map((path) => runs(matcher, path))).toEqual([
      true,
      true,
      false,
      true,
      false,
      false,
    ]);
  });

  test("middleware runs on a path that matches after decoding", () => {
    expect(runs("/über", "/%C3%BCber")).toBe(true);
    expect(runs("/about", "/%61bout")).toBe(true);
    expect(runs("/about", "/%E0%A4%A")).toBe(false);
  });

  test.each<[MatcherEntry, boolean]>([
    [{ source: "/a", has: [{ type: "header", key: "X-Beta" }] }, true],
    [{ source: "/a", has: [{ type: "header", key: "x-beta", value: "o." }] }, true],
    [{ source: "/a", has: [{ type: "header", key: "x-beta", value: "o" }] }, false],
    [{ source: "/a", has: [{ type: "cookie", key: "seen", value: "yes" }] }, true],
    [{ source: "/a", has: [{ type: "cookie", key: "quoted", value: "a b" }] }, true],
    [{ source: "/a", has: [{ type: "query", key: "empty" }] }, false],
    [{ source: "/a", has: [{ type: "query", key: "q", value: "2" }] }, true],
    [{ source: "/a", has: [{ type: "host", value: "app.example" }] }, true],
    [
      {
        source: "/a",
        has: [
          { type: "header", key: "x-beta" },
          { type: "query", key: "none" },
        ],
      },
      false,
    ],
    [{ source: "/a", missing: [{ type: "header", key: "next-router-prefetch" }] }, true],
    [{ source: "/a", missing: [{ type: "header", key: "x-beta" }] }, false],
  ])("conditions are evaluated as by Next: %j is %s", (matcher, expected) => {
    const headers = {
      "x-beta": "on",
      cookie: 'other=1; seen=yes; quoted="a%20b"',
      host: "App.example:3000",
    };
    expect(runs(matcher, "/a?q=1&q=2&empty=", { headers })).toBe(expected);
  });

  test("runsOn throws for an invalid pattern", () => {
    expect(() => runsOn("/a/(", () => undefined)).toThrow(/MATCHER|must be a pattern/);
    const has = [{ type: "header", key: "x", value: "(" }] as const;
    expect(() => runsOn({ source: "/a", has }, () => undefined)).toThrow(/must be a pattern/);
  });
});
