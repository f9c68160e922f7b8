import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compilePolicy } from "#lib/policy/check/compile";
import { definePolicy } from "#lib/policy/define";
import type { CompiledPolicy } from "#lib/policy/types";
import { policy } from "../../support/matched.ts";

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
