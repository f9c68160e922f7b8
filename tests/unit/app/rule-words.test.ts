import { expect, test } from "vitest";
import { describeRule } from "#app/_page/rule-words";
import policy from "#config/rate-limits";
import { compilePolicy } from "#lib/policy/check/compile";
import { defineIdentities, definePolicy } from "#lib/policy/define";
import type { Algorithm } from "#lib/policy/types";

const identities = defineIdentities({
  user: () => undefined,
  plan: () => undefined,
  account: "from-code",
});

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
      tiered: {
        match: "/c",
        mode: "25%",
        algorithm: "token-bucket",
        cost: 2,
        tiers: {
          plan: { free: { user: "5 per hour" }, pro: { user: ["9 per hour", "99 per day"] } },
        },
      },
      watched: {
        match: "/d",
        mode: "shadow",
        algorithm: "fixed-window",
        limits: { ip: "1 per day" },
      },
    },
  }),
);

const EVERY = "every method but OPTIONS";
const USER = "each user, else each address";

test("describeRule describes rules of every kind", () => {
  expect([...rules.values()].map(describeRule)).toStrictEqual([
    {
      name: "plain",
      mode: undefined,
      paths: ["/api/:path*"],
      methods: EVERY,
      limits: [limit("6,000 per minute", "each address", "sliding-window")],
      replaces: [],
      onStoreFailure: "allowed, uncounted",
    },
    {
      name: "several",
      mode: undefined,
      paths: ["/a", "/b"],
      methods: "POST, DELETE",
      limits: [
        limit("5 per 15 minutes", USER),
        limit("20 per day", USER),
        limit("1 per second", "all clients together"),
      ],
      replaces: ["plain"],
      onStoreFailure: "denied with 503",
    },
    {
      name: "code",
      mode: undefined,
      paths: [],
      methods: EVERY,
      limits: [
        limit("5 per hour", "each pair of address and account"),
        limit("2 per week", "each account, else each address"),
      ],
      replaces: [],
      onStoreFailure: "counted in each instance",
    },
    {
      name: "tiered",
      mode: "enforced for 25% of clients",
      paths: ["/c"],
      methods: EVERY,
      limits: [
        limit("5 per hour, each request costs 2", USER, "token-bucket", "plan free, or none"),
        limit("9 per hour, each request costs 2", USER, "token-bucket", "plan pro"),
        limit("99 per day, each request costs 2", USER, "token-bucket", "plan pro"),
      ],
      replaces: [],
      onStoreFailure: "allowed, uncounted",
    },
    {
      name: "watched",
      mode: "shadow: counted, never enforced",
      paths: ["/d"],
      methods: EVERY,
      limits: [limit("1 per day", "each address", "fixed-window")],
      replaces: [],
      onStoreFailure: "allowed, uncounted",
    },
  ]);
});

test("describeRule describes every rule of this app, and no two limits read the same", () => {
  for (const rule of compilePolicy(policy).rules.values()) {
    const limits = describeRule(rule).limits.map(
      ({ tier, amount, who }) => `${amount} for ${who}, ${tier}`,
    );
    expect(limits.length).toBeGreaterThan(0);
    expect(new Set(limits).size).toBe(limits.length);
  }
});

function limit(amount: string, who: string, algorithm: Algorithm = "sliding-log", tier?: string) {
  return { tier, amount, who, algorithm };
}
