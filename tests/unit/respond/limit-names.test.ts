import fc from "fast-check";
import { parseItem, SerializeError } from "structured-headers";
import { describe, expect, test } from "vitest";
import { compilePolicy } from "#lib/policy/check/compile";
import { decisionOf, headersOf, listOf } from "../../support/limit-headers.ts";

describe("a limit's name", () => {
  test("a limit's name is a valid string for every name of a rule and an identity", () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,63}$/);
    const identity = fc
      .stringMatching(/^[a-zA-Z][a-zA-Z0-9-]{0,63}$/)
      .filter((text) => text !== "ip" && text !== "global");
    fc.assert(
      fc.property(name, identity, fc.integer({ min: 1, max: 44_640 }), (rule, who, minutes) => {
        const limits = {
          [`${who}|ip`]: [`1 per ${minutes} minutes`, "2 per 1500 ms"],
          [`ip+${who}`]: "3 per minute",
          [who]: "4 per hour",
          ip: "5 per day",
          global: "6 per week",
        };
        const policy = {
          identities: { [who]: "from-code" as const },
          rules: { [rule]: { limits } },
        };
        const compiled = compilePolicy(policy).rules.get(rule)?.limits ?? [];
        expect(compiled).toHaveLength(6);
        for (const { policyName } of compiled) {
          const limit = { rule, global: false, policyName, limit: 1, windowMs: 1000, remaining: 1 };
          const headers = headersOf(decisionOf([{ ...limit, waitMs: 0, resetMs: 0 }]));
          expect(parseItem(headers.get("ratelimit") ?? "")[0]).toBe(policyName);
        }
      }),
    );
  });

  test("a limit's name of any text either reads back the same or is not written", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: fc.constantFrom("\r", "\n", '"', "\\", ";", ",", "a", "é", "\0", "\x7f") }),
    );
    fc.assert(
      fc.property(text, (policyName) => {
        const limit = {
          rule: "a",
          global: false,
          policyName,
          limit: 1,
          windowMs: 1000,
          remaining: 1,
        };
        const given = decisionOf([{ ...limit, waitMs: 0, resetMs: 0 }]);
        const printable = /^[\x20-\x7e]*$/;
        const written = (): unknown[] => {
          try {
            const headers = headersOf(given);
            expect([...headers.values()].filter((value) => !printable.test(value))).toEqual([]);
            return listOf(headers, "ratelimit").map(([name]) => name);
          } catch (error) {
            if (error instanceof SerializeError) return [];
            throw error;
          }
        };
        expect(written()).toEqual(printable.test(policyName) ? [policyName] : []);
      }),
    );
  });
});
