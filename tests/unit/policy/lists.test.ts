import { describe, expect, test } from "vitest";
import { compilePolicy } from "#lib/policy/check/compile";
import type { AnyPolicy } from "#lib/policy/define";
import { PolicyError, type PolicyProblem } from "#lib/policy/errors";
import type { CompiledListing } from "#lib/policy/types";
import { cpuMs } from "../../support/cpu.ts";

const BASE = {
  identities: { user: () => "ada", robot: "from-code", fe80: () => "1" },
  conditions: { monitor: () => true },
  rules: { search: { match: "/api/search", limits: { ip: "10 per minute" } } },
} as const;

/** Returns a policy with other lists or conditions, of any type as from JavaScript. */
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
  ])("the entry %s is read", (text, client) => {
    expect(read(text)).toEqual({ list: "block", place: 1, text, reason: "a reason", client });
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
  ])("the entry %s is rejected, and %s is suggested", (text, meant) => {
    const [problem, ...others] = problemsOf({ allow: { [text]: "a reason" } });
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ code: "BAD_LISTED_CLIENT", place: ["allow", text] });
    expect(problem?.allowed).toMatch(/"user:" and a value.*monitor/);
    expect(problem?.allowed).toContain(` (did you mean "${meant}"?)`);
  });

  test.each(["", "10", "1e3", "203.0.113", "203.0.113.0/33", "::/129", "user:", "ada", "*", "::g"])(
    "the entry %j is rejected without a suggestion",
    (text) => {
      const [problem] = problemsOf({ block: { [text]: "a reason" } });
      expect(problem?.code).toBe("BAD_LISTED_CLIENT");
      expect(problem?.allowed).not.toContain("did you mean");
    },
  );
});

describe("a list", () => {
  test.each([[["203.0.113.7"]], ["203.0.113.7"], [7], [null]])(
    "the list %j is rejected",
    (block) => {
      expect(problemsOf({ block })).toMatchObject([{ code: "BAD_VALUE", place: ["block"] }]);
    },
  );

  test("an entry without a reason is a problem, and all problems are found at once", () => {
    const block = { "203.0.113.7": " ", "203.0.113.8": 5, "203.0.113.9/8": "a reason" };
    expect(problemsOf({ block })).toMatchObject([
      { code: "EMPTY_REASON", place: ["block", "203.0.113.7"] },
      { code: "BAD_VALUE", place: ["block", "203.0.113.8"], allowed: "the reason as text" },
      { code: "BAD_LISTED_CLIENT", place: ["block", "203.0.113.9/8"] },
    ]);
  });

  test("entries have their place in the list, and an empty list has no entries", () => {
    const { listings } = compilePolicy(
      policyWith({ allow: { monitor: "a", "10.0.0.0/8": "b" }, block: {} }),
    );
    expect(listings.map(({ list, place, text }) => [list, place, text])).toEqual([
      ["allow", 1, "monitor"],
      ["allow", 2, "10.0.0.0/8"],
    ]);
  });

  test("a list of 10,000 entries compiles in far less than a second", () => {
    const block = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, i) =>
        i % 2 ? [`user:${i}`, "a reason"] : [`10.${i >> 8}.${i & 255}.0/24`, "a reason"],
      ),
    );
    const startedAt = cpuMs();
    expect(compilePolicy(policyWith({ block })).listings).toHaveLength(10_000);
    expect(cpuMs() - startedAt).toBeLessThan(1000);
  });
});

describe("a condition", () => {
  test.each(["ip", "global", "user", "a b", "2nd", "", "monitor:x"])(
    "a condition with the name %j is rejected",
    (name) => {
      expect(problemsOf({ conditions: { [name]: () => true } })).toMatchObject([
        { code: "BAD_CONDITION_NAME", place: ["conditions", name] },
      ]);
    },
  );

  test("a condition that is no function is rejected", () => {
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
  ])("a condition that returns %s has a value only when it is met", async (_, returned, value) => {
    const { conditions } = compilePolicy(policyWith({ conditions: { monitor: () => returned } }));
    expect(await conditions["monitor"]?.(new Request("https://example.com"))).toBe(value);
  });
});
