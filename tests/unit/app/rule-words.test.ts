import { expect, test } from "vitest";
import { describeRule } from "#app/_domain/rule-words";
import policy from "#config/rate-limits";
import { compilePolicy } from "#lib/policy/compile";
import { defineIdentities, definePolicy } from "#lib/policy/define";

const identities = defineIdentities({ user: () => undefined, account: "from-code" });

const { rules } = compilePolicy(
  definePolicy({
    identities,
    rules: {
      plain: { match: "/api/:path*", limits: { ip: "6000 per minute" } },
      several: {
        match: ["/a", "/b"],
        methods: ["POST", "DELETE"],
        replaces: ["plain"],
        limits: { "user|ip": ["5 per 15 minutes", "20 per day"], global: "1 per second" },
        onStoreFailure: "deny",
      },
      code: {
        limits: { "ip+account": "5 per hour", account: "2 per week" },
        onStoreFailure: "local",
      },
    },
  }),
);

test("puts rules into words", () => {
  expect([...rules.values()].map(describeRule)).toStrictEqual([
    {
      name: "plain",
      paths: ["/api/:path*"],
      methods: "every method but OPTIONS",
      limits: [{ amount: "6,000 per minute", who: "each address" }],
      replaces: [],
      onStoreFailure: "requests pass, uncounted",
    },
    {
      name: "several",
      paths: ["/a", "/b"],
      methods: "POST, DELETE",
      limits: [
        { amount: "5 per 15 minutes", who: "each signed-in user, else each address" },
        { amount: "20 per day", who: "each signed-in user, else each address" },
        { amount: "1 per second", who: "everybody together" },
      ],
      replaces: ["plain"],
      onStoreFailure: "requests are refused (503)",
    },
    {
      name: "code",
      paths: [],
      methods: "every method but OPTIONS",
      limits: [
        { amount: "5 per hour", who: "each pair of address and account" },
        { amount: "2 per week", who: "each account, else each address" },
      ],
      replaces: [],
      onStoreFailure: "requests pass, uncounted until each instance can count by itself",
    },
  ]);
});

test("has words for every rule of this app, and no two limits read the same", () => {
  for (const rule of compilePolicy(policy).rules.values()) {
    const limits = describeRule(rule).limits.map(({ amount, who }) => `${amount} for ${who}`);
    expect(limits.length).toBeGreaterThan(0);
    expect(new Set(limits).size).toBe(limits.length);
  }
});
