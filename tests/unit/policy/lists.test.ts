import { describe, expect, test } from "vitest";
import { compilePolicy } from "#lib/policy/check/compile";
import type { AnyPolicy } from "#lib/policy/define";
import { PolicyError, type PolicyProblem } from "#lib/policy/errors";
import type { CompiledListing } from "#lib/policy/types";

const BASE = {
  identities: { user: () => "ada", robot: "from-code", fe80: () => "1" },
  conditions: { monitor: () => true },
  rules: { search: { match: "/api/search", limits: { ip: "10 per minute" } } },
} as const;

/** A policy with other lists or conditions, as JavaScript may write them. */
const policyWith = (more: object) => ({ ...BASE, ...more }) as AnyPolicy;

function problemsOf(more: object): readonly PolicyProblem[] {
  try {
    compilePolicy(policyWith(more));
  } catch (error) {
    if (error instanceof PolicyError) return error.problems;
    throw error;
  }
  return [];
}

function read(text: string): CompiledListing | undefined {
  return compilePolicy(policyWith({ block: { [text]: "a reason" } })).listings[0];
}

describe("an entry", () => {
  test.each([
    ["203.0.113.7", { first: [203, 0, 113, 7], bits: 32 }],
    ["203.0.113.7:8080", { first: [203, 0, 113, 7], bits: 32 }],
    ["203.0.113.0/24", { first: [203, 0, 113, 0], bits: 24 }],
    ["0.0.0.0/0", { first: [0, 0, 0, 0], bits: 0 }],
    ["::ffff:10.0.0.0/104", { first: [10, 0, 0, 0], bits: 8 }],
    ["2001:DB8::/32", { first: [0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], bits: 32 }],
    ["fe80::1", { first: [0xfe80, 0, 0, 0, 0, 0, 0, 1], bits: 128 }],
    ["user:ada", { identity: "user", value: "ada" }],
    ["user:a:b", { identity: "user", value: "a:b" }],
    ["robot:night", { identity: "robot", value: "night" }],
    ["monitor", { identity: "monitor", value: "yes" }],
  ])("%s is read", (text, whom) => {
    expect(read(text)).toEqual({ list: "block", place: 1, text, reason: "a reason", whom });
  });

  test.each([
    ["203.0.113.7/24", "203.0.113.0/24"],
    ["2001:db8::1/48", "2001:db8::/48"],
    ["[2001:db8::1]:443", "2001:db8::1"],
    [" 203.0.113.7", "203.0.113.7"],
    ["ip:203.0.113.7", "203.0.113.7"],
    ["usr:ada", "user:ada"],
    ["user: ada", "user:ada"],
    ["monitr", "monitor"],
  ])("%s is refused, and %s is suggested", (text, meant) => {
    const [problem, ...others] = problemsOf({ allow: { [text]: "a reason" } });
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ code: "BAD_LISTED_CLIENT", place: ["allow", text] });
    expect(problem?.allowed).toMatch(/"user:" and a value.*monitor/);
    expect(problem?.allowed).toContain(`; did you mean "${meant}"?`);
  });

  test.each(["", "10", "1e3", "203.0.113", "203.0.113.0/33", "::/129", "user:", "ada", "*", "::g"])(
    "%j is refused without a suggestion",
    (text) => {
      const [problem] = problemsOf({ block: { [text]: "a reason" } });
      expect(problem?.code).toBe("BAD_LISTED_CLIENT");
      expect(problem?.allowed).not.toContain("did you mean");
    },
  );
});

describe("a list", () => {
  test.each([[["203.0.113.7"]], ["203.0.113.7"], [7], [null]])("%j is no list", (block) => {
    expect(problemsOf({ block })).toMatchObject([{ code: "BAD_VALUE", place: ["block"] }]);
  });

  test("each entry has a reason, and every problem is told in one go", () => {
    const block = { "203.0.113.7": " ", "203.0.113.8": 5, "203.0.113.9/8": "a reason" };
    expect(problemsOf({ block })).toMatchObject([
      { code: "EMPTY_REASON", place: ["block", "203.0.113.7"] },
      { code: "BAD_VALUE", place: ["block", "203.0.113.8"], allowed: "the reason as text" },
      { code: "BAD_LISTED_CLIENT", place: ["block", "203.0.113.9/8"] },
    ]);
  });

  test("entries have their place, and an empty list has none", () => {
    const { listings } = compilePolicy(
      policyWith({ allow: { monitor: "a", "10.0.0.0/8": "b" }, block: {} }),
    );
    expect(listings.map(({ list, place, text }) => [list, place, text])).toEqual([
      ["allow", 1, "monitor"],
      ["allow", 2, "10.0.0.0/8"],
    ]);
  });

  test("10,000 entries compile in far less than a second", () => {
    const block = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, i) =>
        i % 2 ? [`user:${i}`, "a reason"] : [`10.${i >> 8}.${i & 255}.0/24`, "a reason"],
      ),
    );
    const startedAt = performance.now();
    expect(compilePolicy(policyWith({ block })).listings).toHaveLength(10_000);
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});

describe("a condition", () => {
  test.each(["ip", "global", "user", "a b", "2nd", "", "monitor:x"])("is not called %j", (name) => {
    expect(problemsOf({ conditions: { [name]: () => true } })).toMatchObject([
      { code: "BAD_CONDITION_NAME", place: ["conditions", name] },
    ]);
  });

  test("is a function", () => {
    const [problem] = problemsOf({ conditions: { monitor: "from-code" } });
    expect(problem).toMatchObject({ code: "BAD_VALUE", place: ["conditions", "monitor"] });
  });

  test.each([
    ["true", true, "yes"],
    ["a promise of true", Promise.resolve(true), "yes"],
    ["false", false, undefined],
    ["a promise of false", Promise.resolve(false), undefined],
    ["null", null, undefined],
    ["text", "yes", undefined],
    ["a promise of 1", Promise.resolve(1), undefined],
  ])("that returns %s has the value that says whether it holds", async (_, returned, value) => {
    const { conditions } = compilePolicy(policyWith({ conditions: { monitor: () => returned } }));
    expect(await conditions["monitor"]?.(new Request("https://example.com"))).toBe(value);
  });
});
