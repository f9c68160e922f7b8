import fc from "fast-check";
import { compile, match, parse } from "path-to-regexp";
import { describe, expect, test } from "vitest";
import { compilePolicy } from "#lib/policy/check/compile";
import { definePolicy } from "#lib/policy/define";
import { createFollow, readRewrites, type Rewrites } from "#lib/policy/rewrites";
import { selected } from "../../support/selected.ts";

const limits = { ip: "5 per minute" } as const;

const policy = definePolicy({
  exempt: { "/free/:path*": "to see that it can lead to a rule" },
  rules: {
    search: { match: "/api/search", limits },
    user: { match: "/api/users/:id", limits },
    files: { match: "/api/files/:path*", limits },
    post: { match: "/api/post", methods: ["POST"], limits },
    short: { match: "/short", replaces: "search", limits },
  },
});

function rulesOf(rewrites: Rewrites, path: string, method = "GET"): string[] {
  const found = compilePolicy(policy, { rewrites }).match(method, path);
  const set = selected(found);
  return set?.rules.map(({ name }) => name) ?? [];
}

const HAS = [{ type: "header", key: "x-beta" }];

describe("a request that a rewrite leads to a route", () => {
  test.each<[string, string, string, string[]]>([
    ["/s", "/api/search", "/s", ["search"]],
    ["/s", "/api/search", "/S", ["search"]],
    ["/s", "/api/search", "/s/", ["search"]],
    ["/s", "/api/search", "/%73", ["search"]],
    ["/s", "/api/search", "/_next/data/build/s.json", ["search"]],
    ["/s", "/api/search", "/s.rsc", ["search"]],
    ["/s", "/api/search?from=s#top", "/s", ["search"]],
    ["/s", "/API/Search/", "/s", ["search"]],
    ["/s", "/api/search", "/other", []],
    ["/s/:id", "/api/users/:id", "/s/7", ["user"]],
    ["/s/:id", "/api/users/:id", "/s/a%2fb", ["user"]],
    ["/s/:id", "/api/users/:id", "/s/a%0ab", ["user"]],
    ["/s/:id", "/api/:id", "/s/search", ["search"]],
    ["/s/:id", "/api/:id", "/s/%73earch", ["search"]],
    ["/s/:id", "/api/users/:id", "/s/..%2fsearch", ["user", "search"]],
    ["/s/:id(\\d+)", "/api/users/:id", "/s/7", ["user"]],
    ["/s/:id(\\d+)", "/api/users/:id", "/s/x", []],
    ["/s/:path*", "/api/files/:path*", "/s", ["files"]],
    ["/s/:path*", "/api/files/:path*", "/s/a/b", ["files"]],
    ["/:path*", "/api/:path*", "/search", ["search"]],
    ["/s/(.*)", "/api/files/:0", "/s/a%0a/b", ["files"]],
    ["/free/s", "/api/search", "/free/s", ["search"]],
    ["/short", "/api/search", "/short", ["search", "short"]],
    ["/s", "https://other.example/api/search", "/s", []],
  ])(
    "with a rewrite from %s to %s the path %s is counted by %j",
    (source, destination, path, rules) => {
      expect(rulesOf([{ source, destination }], path).toSorted()).toEqual(rules.toSorted());
    },
  );

  test("a rewritten request is counted by the rules of its method", () => {
    const rewrites = [{ source: "/p", destination: "/api/post" }];
    expect(rulesOf(rewrites, "/p", "POST")).toEqual(["post"]);
    expect(rulesOf(rewrites, "/p")).toEqual([]);
  });

  test("a rewrite with a condition is followed whether or not the condition is met", () => {
    expect(rulesOf([{ source: "/s", destination: "/api/search", has: HAS }], "/s")).toEqual([
      "search",
    ]);
    expect(rulesOf([{ source: "/s", destination: "/api/users/:who", has: HAS }], "/s")).toEqual([
      "user",
    ]);
  });

  test("a request is counted when one rewrite leads to another, in Next's order", () => {
    const rewrites = {
      fallback: [{ source: "/third", destination: "/api/search" }],
      afterFiles: [{ source: "/second", destination: "/third" }],
      beforeFiles: [{ source: "/first", destination: "/second" }],
    };
    expect(rulesOf(rewrites, "/first")).toEqual(["search"]);
  });
});

describe("createFollow", () => {
  test("follow follows one rewrite with a condition and not two, since each of many hosts may have one", () => {
    const hosts = Array.from({ length: 60 }, (_, i) => ({
      source: "/:path*",
      destination: `/sites/${i}/:path*`,
      has: [{ type: "host", value: `${i}.example` }],
    }));
    expect(createFollow(hosts)?.(["/a"])).toHaveLength(60);
  });

  test("follow gives up when there are too many paths, and then every rule counts", () => {
    const doubling = Array.from({ length: 12 }, (_, i) => ({
      source: "/:path*",
      destination: `/${i}/:path*`,
    }));
    const follow = createFollow(doubling);
    expect(follow).toBeDefined();
    expect(follow?.(["/a"])).toBeUndefined();
    expect(rulesOf(doubling, "/nothing")).toEqual(["search", "user", "files", "short"]);
  });

  test("follow returns no path when the parameters do not fit, and never throws", () => {
    expect(createFollow([{ source: "/s/:id?", destination: "/u/:id" }])?.(["/s"])).toEqual([]);
    expect(createFollow([{ source: "/s/:all*", destination: "/u/:all" }])?.(["/s/a/b"])).toEqual(
      [],
    );
  });
});

/** Returns the path that path-to-regexp, Next's library, makes; a parameter of a condition is "-". */
function ledByLibrary(source: string, destination: string, path: string): string | undefined {
  const found = match(source, { delimiter: "/" })(path);
  if (!found) return undefined;
  const namesIn = (pattern: string) =>
    parse(pattern).flatMap((token) => (typeof token === "string" ? [] : [token.name]));
  const others = namesIn(destination).filter(
    (name) => name !== "" && !namesIn(source).includes(name),
  );
  const unknown = Object.fromEntries(others.map((name) => [name, "-"]));
  try {
    return compile(destination, { validate: false })({ ...unknown, ...found.params }) || "/";
  } catch {
    return undefined;
  }
}

describe("a rewrite's path", () => {
  const part = fc.constantFrom(
    "/a",
    "/:id",
    "/:id?",
    "/:path*",
    "/:path+",
    "/:id(\\d+)",
    "/(.*)",
    "{/x}?",
    "/:id.:type",
    "/p-:id",
    "{/:id-}?b",
    "{/:other}*",
    "/:path(a|b)*",
  );
  const pattern = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(""));
  const segment = fc.constantFrom("a", "b", "7", "a.b", "p-1", "x", "a%2fb", "-b", "");
  const path = fc.array(segment, { maxLength: 5 }).map((parts) => `/${parts.join("/")}`);

  test("a rewrite's path is the one that path-to-regexp writes", () => {
    let written = 0;
    fc.assert(
      fc.property(pattern, pattern, path, (source, end, from) => {
        // The part after a "?" is the query.
        const [destination = ""] = `/to${end}`.split("?");
        let follow: ReturnType<typeof createFollow>;
        try {
          match(source);
          follow = createFollow([{ source, destination }]);
        } catch {
          return;
        }
        const led = ledByLibrary(source, destination, from);
        if (led !== undefined) written += 1;
        expect(follow?.([from])).toEqual(led === undefined ? [] : [led]);
      }),
      { numRuns: 3000 },
    );
    expect(written).toBeGreaterThan(100);
  });
});

describe("readRewrites", () => {
  test("readRewrites reads the result of next.config's rewrites, and returns no rewrites without a text", () => {
    const list = [{ source: "/s", destination: "/t", locale: false }];
    expect(readRewrites(JSON.stringify(list))).toMatchObject([{ source: "/s" }]);
    expect(readRewrites(JSON.stringify({ beforeFiles: list }))).toMatchObject({
      beforeFiles: [{ source: "/s" }],
    });
    expect(readRewrites(undefined)).toEqual([]);
    expect(readRewrites("")).toEqual([]);
  });

  test.each(["{", "7", "[1]", '[{"source":"s","destination":"/t"}]', '[{"source":"/s"}]'])(
    "readRewrites rejects %s, and the error says what writes the variable",
    (given) => {
      expect(() => readRewrites(given)).toThrow(
        expect.objectContaining({
          code: "REWRITES_INVALID",
          message: expect.stringContaining("as JSON: withHeadgate"),
        }),
      );
    },
  );

  test("createFollow rejects a source that is no pattern, and names it", () => {
    expect(() => createFollow([{ source: "/s/:", destination: "/t" }])).toThrow(
      expect.objectContaining({
        code: "REWRITES_INVALID",
        message: expect.stringContaining('"/s/:"'),
      }),
    );
  });
});
